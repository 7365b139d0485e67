// Address cards: where a device can be reached, signed by itself.
import { isSigned, publicKey, sign } from './keys.mjs'
import { characters, decode, encode, id32, isBytes, isInteger, list, need } from './values.mjs'

const MAX_CARD = 1_900
const LIFETIME = 1_209_600_000 // ms

export function readCard(travel, community) {
  list(travel, 2, 'bad-card', 2)
  const [raw, signature] = travel
  need(isBytes(raw) && raw.length <= MAX_CARD && isBytes(signature, 64), 'bad-card')
  const items = decode(raw)
  need(Array.isArray(items) && items.length === 4, 'bad-card')
  const [device, addresses, issued, expires] = items
  id32(device, 'bad-card')
  list(addresses, 8, 'bad-card')
  need(
    addresses.every((one) => typeof one === 'string' && characters(one) <= 200),
    'bad-card',
  )
  need(isInteger(issued, 0, 2 ** 53) && isInteger(expires, Number(issued), 2 ** 53), 'bad-card')
  need(Number(expires) - Number(issued) <= LIFETIME, 'bad-card')
  need(isSigned(device, signature, 'address', community, raw), 'bad-signature')
  return { device, addresses, issued, expires }
}

export function writeCard(seed, community, addresses, now) {
  const raw = encode([publicKey(seed), addresses, now, now + LIFETIME])
  return [raw, sign(seed, 'address', community, raw)]
}
