// Coming in: the invitation link, the first two records, the lobby's question.
import { newSeed, publicKey, sign } from './keys.mjs'
import { LANES, write } from './records.mjs'
import { Refused, characters, decode, id32, isInteger, list, need, same, sha256 } from './values.mjs'

const MAX_LINK = 24_576
const MAX_PEERS = 8

export function readLink(link) {
  need(link.length <= MAX_LINK, 'bad-link')
  const payload = /^(?:moothall|https?):[^?#]*\?(?:[^#]*&)?i=([A-Za-z0-9_-]+)(?:[&#].*)?$/i.exec(
    link.trim(),
  )?.[1]
  need(payload !== undefined && payload.length % 4 !== 1, 'bad-link')
  const bytes = Uint8Array.from(Buffer.from(payload, 'base64url'))
  const data = bytes.subarray(0, -4)
  need(same(sha256(data).subarray(0, 4), bytes.subarray(-4)), 'bad-link')
  try {
    const [version, community, secret, invite, height, certificate, peers] = list(
      decode(data),
      7,
      'bad-link',
      7,
    )
    need(version === 1 && isInteger(height, -1, 2 ** 53 - 1), 'bad-link')
    for (const id of [community, secret, invite, certificate]) id32(id, 'bad-link')
    list(peers, Infinity, 'bad-link')
    const read = peers.slice(0, MAX_PEERS)
    for (const [device, addresses] of read.map((peer) => list(peer, 2, 'bad-link', 2))) {
      id32(device, 'bad-link')
      list(addresses, MAX_PEERS, 'bad-link')
      need(
        addresses.every((one) => typeof one === 'string' && characters(one) <= 200),
        'bad-link',
      )
    }
    return { community, secret, invite, height, certificate, peers: read }
  } catch (error) {
    if (error instanceof Refused) throw new Refused('bad-link', error.message)
    throw error
  }
}

// A newcomer's keys and first two records for this invitation.
export function prepare({ community, invite, secret }, now) {
  const [person, device] = [newSeed(), newSeed()]
  const keys = [publicKey(person), publicKey(device)]
  const log = { seed: device, community, lane: LANES.gov, now }
  const enrol = write({
    ...log,
    last: null,
    kind: 'enrol',
    body: new Map([
      ['person', keys[0]],
      ['proof', sign(person, 'enrol', community, ...keys)],
    ]),
  })
  const join = write({
    ...log,
    last: enrol,
    kind: 'join',
    body: new Map([
      ['invite', invite],
      ['proof', sign(secret, 'join', community, invite, ...keys)],
    ]),
  })
  return { seed: device, person: keys[0], device: keys[1], records: [enrol, join] }
}

export const question = (community, records) => ['join', community, records.map(({ travel }) => travel)]
