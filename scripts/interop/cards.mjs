// Address cards: where a device can be reached, signed by itself.
import { isSigned, publicKey, sign } from './keys.mjs'
import { characters, decode, encode, hex, id32, isBytes, isInteger, list, need, same } from './values.mjs'

const MAX_CARD = 1_900
const MAX_CARDS = 64
const MARK = 8 // bytes of a device's key in an offer
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

// What a side has: [its time, whether it has nothing to build on, [[mark, issued], ...], wanted].
export function writeOffer(now, whole, cards, wanted) {
  const named = cards.map(([raw]) => {
    const [device, , issued] = decode(raw)
    return [device.subarray(0, MARK), issued]
  })
  return encode([now, whole, named, wanted])
}

// `offered`: how many cards this side has offered so far.
export function readOffer(bytes, offered) {
  const [now, whole, cards, wanted] = list(decode(bytes), 4, 'bad-card', 4)
  need(isInteger(now, 0, 2 ** 53) && typeof whole === 'boolean', 'bad-card')
  for (const item of list(cards, MAX_CARDS, 'bad-card')) {
    const [mark, issued] = list(item, 2, 'bad-card', 2)
    need(isBytes(mark, MARK) && isInteger(issued, 0, 2 ** 53), 'bad-card')
  }
  need(new Set(cards.map(([mark]) => hex(mark))).size === cards.length, 'bad-card')
  return { cards, wanted: readWanted(wanted, offered) }
}

export const writeDelivery = (cards, wanted) => encode([cards, wanted])

export function readDelivery(bytes, community, asked, offered) {
  const [travels, wanted] = list(decode(bytes), 2, 'bad-card', 2)
  const cards = list(travels, asked.length, 'bad-card').map((travel) => readCard(travel, community))
  for (const { device } of cards) {
    need(
      asked.some((mark) => same(mark, device.subarray(0, MARK))),
      'bad-card',
    )
  }
  return { cards, wanted: readWanted(wanted, offered) }
}

// Places in an offer, in ascending order.
function readWanted(wanted, offered) {
  list(wanted, offered, 'bad-card')
  wanted.forEach((place, at) => need(isInteger(place, at > 0 ? wanted[at - 1] + 1 : 0, offered - 1), 'bad-card'))
  return wanted
}
