// Records and segments. The header's bytes go through @ipld/dag-cbor and come back the same.
import * as dagCbor from '@ipld/dag-cbor'
import { isSigned, isUsable, newSeed, publicKey, sign } from './keys.mjs'
import {
  ZEROS,
  decode,
  encode,
  hex,
  id32,
  integer,
  isAbsent,
  isBytes,
  list,
  need,
  same,
  sha256,
} from './values.mjs'

export const LANES = { gov: 0, market: 1, talk: 2 }
const FIELDS = [
  'version',
  'device',
  'lane',
  'seq',
  'prev',
  'gov',
  'kind',
  'time_ms',
  'body_size',
  'body_hash',
]
const MAX_HEADER = 512
const MAX_BODY = 16_384
export const MAX_RECORDS = 1_024
export const MAX_SEGMENT = 262_144
const OVERHEAD = 100
export const MAX_SEQ = 2 ** 53
const MAX_TIME = 2 ** 48

export function readHeader(bytes) {
  need(bytes.length <= MAX_HEADER, 'too-large')
  const items = decode(bytes)
  need(Array.isArray(items) && items.length === FIELDS.length, 'not-canonical', 'no list of ten')
  need(same(dagCbor.encode(dagCbor.decode(bytes)), bytes), 'not-canonical')
  const header = Object.fromEntries(FIELDS.map((name, at) => [name, items[at]]))
  need(header.version === 1, 'bad-version')
  for (const name of ['device', 'prev', 'body_hash']) id32(header[name], 'bad-header')
  if (header.gov !== null) id32(header.gov, 'bad-header')
  header.lane = integer(header.lane, 0, 2, 'bad-header')
  header.seq = integer(header.seq, 1, MAX_SEQ, 'bad-header')
  header.time_ms = integer(header.time_ms, 0, MAX_TIME, 'bad-header')
  header.body_size = integer(header.body_size, 1, MAX_BODY, 'bad-header')
  need(typeof header.kind === 'string' && /^[ -~]{1,32}$/.test(header.kind), 'bad-header')
  return header
}

// An entry as it travels; `travel` keeps what came.
export function readEntry(entry) {
  need(Array.isArray(entry) && entry.length === 4, 'bad-entry')
  const [header, signature, salt, body] = entry
  need(isBytes(header), 'bad-entry')
  need(signature === null || isBytes(signature), 'bad-entry')
  need(
    [salt, body].every((part) => part === null || isBytes(part)),
    'bad-entry',
  )
  need((salt === null) === (body === null), 'bad-entry')
  const record = { ...readHeader(header), id: sha256(header), header, signature, salt, body, travel: entry }
  need(signature === null || signature.length === 64, 'bad-signature')
  if (body !== null) {
    need(salt.length === 16 && body.length === record.body_size, 'bad-body')
    need(same(sha256(salt, body), record.body_hash), 'bad-body')
  }
  return record
}

export const isAuthentic = (record, community) =>
  record.signature !== null && isSigned(record.device, record.signature, 'record', community, record.id)

export const sizeOf = (record) => record.header.length + (record.body?.length ?? 0) + OVERHEAD

export function readSegment(entries, community, device, lane) {
  list(entries, Infinity, 'bad-segment')
  need(entries.length > 0, 'bad-segment')
  need(entries.length <= MAX_RECORDS, 'too-large')
  const records = entries.map(readEntry)
  need(records.reduce((sum, record) => sum + sizeOf(record), 0) <= MAX_SEGMENT, 'too-large')
  for (const [at, record] of records.entries()) {
    need(lane !== LANES.gov || record.body !== null, 'no-body')
    need(same(record.device, device) && record.lane === lane, 'wrong-log')
    if (at > 0) {
      need(record.seq === records[at - 1].seq + 1, 'gap')
      need(same(record.prev, records[at - 1].id), 'broken-chain')
    } else if (record.seq > 1) {
      need(!same(record.prev, ZEROS), 'broken-chain')
    } else if (same(record.prev, ZEROS)) {
      const founds = lane === LANES.gov && record.kind === 'found'
      need(founds && same(record.id, community), 'other-community')
    } else {
      need(same(record.prev, community), 'other-community')
    }
  }
  const signed = lane === LANES.gov ? records : records.slice(-1)
  for (const record of signed) need(isAuthentic(record, community), 'bad-signature')
  return records
}

// --- bodies -----------------------------------------------------------------------------------

// The body as a Map with the keys that are asked for, or null where it says nothing.
export function readBody(record, kind, shape) {
  if (record.body === null || record.kind !== kind) return null
  let body
  try {
    body = decode(record.body, MAX_BODY)
  } catch {
    return null
  }
  if (!(body instanceof Map)) return null
  const fits = Object.entries(shape).every(([key, [isRight, isNeeded]]) =>
    isAbsent(body.get(key)) ? !isNeeded : isRight(body.get(key)),
  )
  return fits ? body : null
}

const isId = (value) => isBytes(value, 32)
const isVersion = (value) => Number.isInteger(Number(value)) && value >= 1 && value <= MAX_SEQ
const isList = (least, most) => (value) =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every(isId)

export const BALLOT = {
  open: [isId, true],
  version: [(value) => ['number', 'bigint'].includes(typeof value) && isVersion(value), true],
  choice: [(value) => encode(value).length <= 2_048, true],
}
export const RECEIPTS = { open: [isId, true], ballots: [isList(1, 256), true], before: [isId, false] }
export const STOP = { open: [isId, true], last: [isId, false] }
const ENROL = { person: [isId, true], proof: [(value) => isBytes(value, 64), true] }
const FOUND = { ...ENROL, charter: [(value) => value instanceof Map, true] }

// The person whom an `enrol` or `found` takes its device for, or null.
export function enrols(record, community) {
  if (record.seq !== 1 || record.lane !== LANES.gov) return null
  const founds = record.kind === 'found'
  const body = founds ? readBody(record, 'found', FOUND) : readBody(record, 'enrol', ENROL)
  if (body === null || !isUsable(body.get('person')) || !isUsable(record.device)) return null
  const parts = [founds ? ZEROS : community, body.get('person'), record.device]
  return isSigned(body.get('person'), body.get('proof'), 'enrol', ...parts) ? body.get('person') : null
}

// --- writing ----------------------------------------------------------------------------------

// The next record of a log; `last` is the record before it, or null.
export function write({ seed, community, lane, last, kind, body, now, gov = null }) {
  const bytes = encode(body)
  const salt = newSeed().subarray(0, 16)
  const header = dagCbor.encode([
    1,
    publicKey(seed),
    lane,
    (last?.seq ?? 0) + 1,
    last?.id ?? community,
    gov,
    kind,
    now,
    bytes.length,
    sha256(salt, bytes),
  ])
  const signature = sign(seed, 'record', community, sha256(header))
  return readEntry([header, signature, salt, bytes])
}

export const logOf = (device, lane) => `${hex(device)}/${lane}`
