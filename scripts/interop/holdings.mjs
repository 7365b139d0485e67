// What this peer holds of a community, in memory, and the digests over it. It takes what hangs
// together and is signed; it follows no forks, and knows no candidates: it is a peer for checking.
import { begin, fold } from './chain.mjs'
import { readCertificate } from './certificates.mjs'
import {
  MAX_RECORDS,
  MAX_SEGMENT,
  enrols,
  isAuthentic,
  logOf,
  readEntry,
  readSegment,
  sizeOf,
} from './records.mjs'
import { bigEndian, compare, concat, decode, hex, need, same, sha256, ZEROS } from './values.mjs'

const pack = ([device, lane, seq, id]) => concat(device, bigEndian(lane, 1), bigEndian(seq, 8), id)
const byLog = (one, two) => compare(one[0], two[0]) || one[1] - two[1]
const bucketOf = (device, count) => Buffer.from(sha256(device)).readUInt32BE() % count

// How many of these records make the longest segment that ends with a signature.
function lastSigned(records) {
  let [size, end] = [0, 0]
  for (const [at, record] of records.slice(0, MAX_RECORDS).entries()) {
    size += sizeOf(record)
    if (size > MAX_SEGMENT) break
    if (record.signature !== null) end = at + 1
  }
  return end
}

export const frontierDigest = (places) => sha256(...[...places].sort(byLog).map(pack)).subarray(0, 16)

export const sideDigest = (ids) => sha256(...[...ids].sort(compare)).subarray(0, 16)

export function bucketDigests(places, count) {
  const buckets = Array.from({ length: count }, () => [])
  for (const place of [...places].sort(byLog)) buckets[bucketOf(place[0], count)].push(pack(place))
  return concat(...buckets.map((packed) => sha256(...packed).subarray(0, 8)))
}

export class Holdings {
  constructor(community) {
    this.community = community
    this.founding = null // the record
    this.state = null // of the chain of certificates, once there is a founding record
    this.side = new Map() // id in hex -> bytes
    this.logs = new Map() // "device/lane" -> records from seq 1 on
  }

  get height() {
    return this.state?.height ?? -1
  }

  get newest() {
    return this.state?.id ?? this.community
  }

  hello() {
    return [
      this.community.subarray(0, 8),
      this.height,
      this.newest,
      frontierDigest(this.places()),
      sideDigest([...this.side.values()].map((raw) => sha256(raw))),
      1,
    ]
  }

  // --- certificates

  found(travel) {
    const record = readEntry(travel)
    need(isAuthentic(record, this.community), 'bad-founding', 'its signature')
    this.state = begin(record, this.community)
    this.founding = record
  }

  certify(travel) {
    need(this.state !== null, 'no-founding')
    this.state = fold(this.state, readCertificate(travel))
  }

  // --- logs

  log(device, lane) {
    return this.logs.get(logOf(device, lane)) ?? []
  }

  places() {
    return [...this.logs.values()]
      .filter((records) => records.length > 0)
      .map((records) => records.at(-1))
      .map(({ device, lane, seq, id }) => [device, lane, seq, id])
      .sort(byLog)
  }

  // The records of this segment that were not here.
  take(device, lane, entries) {
    const records = readSegment(entries, this.community, device, lane)
    const held = this.log(device, lane)
    const last = held.at(-1)
    need(records[0].seq <= (last?.seq ?? 0) + 1, 'gap', 'a segment that hangs in the air')
    const fresh = records.filter(({ seq }) => seq > (last?.seq ?? 0))
    for (const record of records.filter((one) => !fresh.includes(one))) {
      need(same(record.id, held[record.seq - 1].id), 'broken-chain', 'a fork')
    }
    if (fresh.length > 0 && last) need(same(fresh[0].prev, last.id), 'broken-chain', 'a fork')
    if (lane === 0 && held.length === 0) need(enrols(records[0], this.community) !== null, 'no-enrolment')
    this.logs.set(logOf(device, lane), [...held, ...fresh])
    return fresh
  }

  idAt(device, lane, seq) {
    return this.log(device, lane)[seq - 1]?.id ?? null
  }

  // Segments that follow (seq, id) of a log; null where another record is held there. Each ends
  // with a signed record, so that it can be checked by itself.
  after(device, lane, seq, id) {
    const records = this.log(device, lane)
    const isHere = seq === 0 ? same(id, ZEROS) : records.length >= seq && same(records[seq - 1].id, id)
    if (records.length >= seq && !isHere) return null
    const segments = []
    for (let rest = records.slice(seq); rest.length > 0;) {
      const end = lastSigned(rest)
      if (end === 0) break
      segments.push(rest.slice(0, end).map(({ travel }) => travel))
      rest = rest.slice(end)
    }
    return segments
  }

  // --- for counting

  // Every record of gov that is held, in a log or in the side set.
  governing() {
    const sided = [...this.side.values()]
      .map((raw) => decode(raw))
      .filter(([kind]) => kind === 'record')
      .map(([, entry]) => readEntry(entry))
    const found = this.founding ? [this.founding] : []
    return [...found, ...[...this.logs.values()].flat().filter(({ lane }) => lane === 0), ...sided]
  }

  enrolments() {
    return new Map(
      this.governing()
        .map((record) => [hex(record.device), enrols(record, this.community)])
        .filter(([, person]) => person !== null)
        .map(([device, person]) => [device, hex(person)]),
    )
  }
}
