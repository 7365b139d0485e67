// Coming in: the invitation link, the first two records, the lobby's question.
import { newSeed, publicKey, sign } from './keys.mjs'
import { LANES, write } from './records.mjs'
import { Refused, decode, id32, isBytes, isInteger, list, need, same, sha256 } from './values.mjs'

const MAX_LINK = 24_576
const MAX_PEERS = 8

export function readLink(link) {
  need(link.length <= MAX_LINK, 'bad-link')
  const payload = /^(?:moothall:join|https?:\/\/[^?#]+)\?(?:.*&)?i=([A-Za-z0-9_-]+)(?:&.*)?$/.exec(link)?.[1]
  need(payload !== undefined, 'bad-link')
  const bytes = Uint8Array.from(Buffer.from(payload, 'base64url'))
  need(Buffer.from(bytes).toString('base64url') === payload && bytes.length > 4, 'bad-link')
  const data = bytes.subarray(0, -4)
  need(same(sha256(data).subarray(0, 4), bytes.subarray(-4)), 'bad-link')
  try {
    const [version, community, secret, invite, height, certificate, peers] = list(decode(data), 7, 'bad-link', 7)
    need(version === 1 && isInteger(height, -1, 2 ** 53 - 1), 'bad-link')
    for (const id of [community, secret, invite, certificate]) id32(id, 'bad-link')
    list(peers, Infinity, 'bad-link')
    for (const peer of peers) need(Array.isArray(peer) && peer.length === 2 && isBytes(peer[0], 32), 'bad-link')
    return { community, secret, invite, height, certificate, peers: peers.slice(0, MAX_PEERS) }
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
    ...log, last: null, kind: 'enrol',
    body: new Map([['person', keys[0]], ['proof', sign(person, 'enrol', community, ...keys)]]) })
  const join = write({
    ...log, last: enrol, kind: 'join',
    body: new Map([['invite', invite], ['proof', sign(secret, 'join', community, invite, ...keys)]]) })
  return { seed: device, person: keys[0], device: keys[1], records: [enrol, join] }
}

export const question = (community, records) => ['join', community, records.map(({ travel }) => travel)]
