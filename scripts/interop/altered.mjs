// Bytes that altered.py made of the vectors: both implementations take the same of them.
import { readFile } from 'node:fs/promises'
import { readCard } from './cards.mjs'
import { readCertificate } from './certificates.mjs'
import { isSigned, isUsable } from './keys.mjs'
import { readMessage } from './messages.mjs'
import { readEntry, readHeader, readSegment } from './records.mjs'
import { Refused, decode, id32, list, unhex } from './values.mjs'

const LIMIT = 524_288

const readersOf = (community) => ({
  codec: (bytes) => decode(bytes, LIMIT),
  header: readHeader,
  entry: (bytes) => readEntry(decode(bytes, LIMIT)),
  segment: (bytes) => {
    const [device, lane, entries] = list(decode(bytes, LIMIT), 3, 'bad-segment', 3)
    id32(device, 'bad-segment')
    return readSegment(entries, community, device, lane)
  },
  certificate: (bytes) => readCertificate(decode(bytes, LIMIT)),
  message: readMessage,
  card: (bytes) => readCard(decode(bytes, LIMIT), community),
})

function isTaken(read, bytes) {
  try {
    read(bytes)
    return true
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return false
  }
}

// How many were read alike, in words; throws with the first of those that were not.
export async function checkAltered(file, community) {
  const readers = readersOf(community)
  const cases = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const differ = cases.filter((one) => {
    if (one.reader !== 'signature') return isTaken(readers[one.reader], unhex(one.hex)) !== one.taken
    const [key, signature, part] = [one.key, one.signature, one.part].map(unhex)
    return isSigned(key, signature, 'record', part) !== one.taken || isUsable(key) !== one.usable
  })
  if (differ.length > 0) {
    const [first] = differ
    throw new Error(
      `${differ.length} of ${cases.length} are read otherwise, the first: ${JSON.stringify(first)}`,
    )
  }
  return `${cases.length}, of which ${cases.filter(({ taken }) => taken).length} are taken`
}
