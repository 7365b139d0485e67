// Certificates: their form, signatures and quorum.
import { isSigned } from './keys.mjs'
import {
  bigEndian,
  decode,
  encode,
  hex,
  id32,
  integer,
  isBytes,
  isInteger,
  list,
  need,
  sha256,
} from './values.mjs'

const KINDS = [
  'roll',
  'open',
  'close',
  'effect',
  'annul',
  'remove',
  'tellers',
  'move-seat',
  'recall',
  'checkpoint',
]
const MAX_BODY = 65_536
const MAX_SIGNERS = 3_200
const bad = (condition, what) => need(condition, 'bad-certificate', what)

export const quorumOf = (seats) => 2 * Math.floor((seats - 1) / 3) + 1

export function readCertificate(travel) {
  list(travel, 3, 'bad-certificate', 3)
  const [body, view, signatures] = travel
  bad(isBytes(body), 'a body')
  need(body.length <= MAX_BODY, 'too-large')
  const items = decode(body)
  bad(Array.isArray(items) && items.length === 8, 'no list of eight')
  const [community, height, prev, kind, charter, root, tellers, decision] = items
  for (const id of [community, prev, charter, root]) id32(id, 'bad-certificate')
  bad(KINDS.includes(kind), 'an unknown kind')
  bad(decision instanceof Map, 'a decision')
  bad(Array.isArray(tellers) && [1, 4, 7].includes(tellers.length), 'so many tellers')
  for (const teller of tellers) {
    list(teller, 2, 'bad-certificate', 2)
    teller.forEach((key) => id32(key, 'bad-certificate'))
  }
  bad(new Set(tellers.map(([, device]) => hex(device))).size === tellers.length, 'one device twice')
  const [most, seats] = kind === 'recall' ? [MAX_SIGNERS, 65_535] : [7, 6]
  list(signatures, most, 'bad-certificate')
  signatures.forEach((line, at) => {
    list(line, 2, 'bad-certificate', 2)
    bad(isInteger(line[0], at === 0 ? 0 : signatures[at - 1][0] + 1, seats), 'a seat')
    bad(isBytes(line[1], 64), 'a signature')
  })
  return {
    community,
    height: integer(height, 0, 2 ** 53 - 1, 'bad-certificate'),
    prev,
    kind,
    charter,
    root,
    tellers,
    decision,
    view: integer(view, 0, 2 ** 32 - 1, 'bad-certificate'),
    signatures,
    id: sha256(body),
    travel,
  }
}

// Signed by a quorum of these tellers, the ones before it; a lone teller's move by their person.
export function checkSignatures(certificate, tellers) {
  const { id, view, signatures, kind } = certificate
  const isMove = kind === 'move-seat' && tellers.length === 1
  bad(!isMove || view === 0, 'the view of a move')
  for (const [seat, signature] of signatures) {
    bad(seat < tellers.length, 'a seat that does not exist')
    const [person, device] = tellers[seat]
    const isRight = isMove
      ? isSigned(person, signature, 'move-seat', id)
      : isSigned(device, signature, 'certificate', id, bigEndian(view, 4))
    need(isRight, 'bad-signature')
  }
  bad(signatures.length >= quorumOf(tellers.length), 'no quorum')
}

export const decodeTravel = (bytes) => readCertificate(decode(bytes))
export const encodeTravel = (certificate) => encode(certificate.travel)
