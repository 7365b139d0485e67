// Strict DAG-CBOR ("Values as bytes"), and the handful of things one does with bytes.
import { createHash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import * as cborg from 'cborg'

export class Refused extends Error {
  constructor(reason, what = '') {
    super(what ? `${reason}: ${what}` : reason)
    this.reason = reason
  }
}

export const need = (condition, reason, what) => {
  if (!condition) throw new Refused(reason, what)
}

export const concat = (...parts) => Uint8Array.from(Buffer.concat(parts))
export const text = (string) => new TextEncoder().encode(string)
export const hex = (bytes) => Buffer.from(bytes).toString('hex')
export const unhex = (string) => Uint8Array.from(Buffer.from(string, 'hex'))
export const sha256 = (...parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}
export const same = (a, b) => Buffer.compare(a, b) === 0
export const compare = (a, b) => Buffer.compare(a, b)
export const bigEndian = (number, size) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(number))
  return Uint8Array.from(bytes.subarray(8 - size))
}
export const ZEROS = new Uint8Array(32)

// Maps become Map: as an object, a map with the key "__proto__" would lose it. For the same reason
// cborg is called directly here, with the options of @ipld/dag-cbor but its check of Map keys,
// which refuses the empty one.
const { Map: _, ...typeEncoders } = dagCbor.encodeOptions.typeEncoders
const ENCODING = { ...dagCbor.encodeOptions, typeEncoders }
const DECODING = { ...dagCbor.decodeOptions, useMaps: true, tags: {}, retainStringBytes: true }

// Of a text that begins with U+FEFF the library's decoder drops that character, as TextDecoder does
// unless it is told otherwise. Nobody else does, so what it drops is put back.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })
class WholeTexts extends cborg.Tokenizer {
  next() {
    const token = super.next()
    if (token.type === cborg.Type.string && token.byteValue) token.value = UTF8.decode(token.byteValue)
    return token
  }
}

export const encode = (value) => Uint8Array.from(cborg.encode(value, ENCODING))

const MAX_DEPTH = 16

export function decode(bytes, limit = Infinity) {
  need(bytes.length <= limit, 'too-large')
  let value
  try {
    value = cborg.decode(bytes, { ...DECODING, tokenizer: new WholeTexts(bytes, DECODING) })
  } catch (error) {
    throw new Refused('not-cbor', error.message)
  }
  inspect(value, 1)
  need(same(encode(value), bytes), 'not-canonical')
  return value
}

function inspect(value, depth) {
  if (typeof value === 'number') need(Number.isInteger(value), 'not-cbor', 'a float')
  if (!Array.isArray(value) && !(value instanceof Map)) return
  need(depth <= MAX_DEPTH, 'too-deep')
  if (value instanceof Map) {
    for (const [key, item] of value) {
      need(typeof key === 'string', 'not-cbor', 'a key that is no text')
      inspect(item, depth + 1)
    }
  } else for (const item of value) inspect(item, depth + 1)
}

// --- shapes ---------------------------------------------------------------------------------

export const isBytes = (value, size) =>
  value instanceof Uint8Array && (size === undefined || value.length === size)

export const isInteger = (value, least, most) =>
  (typeof value === 'number' || typeof value === 'bigint') && value >= least && value <= most

// 2^53 comes as a BigInt, though a number can hold it: one form is enough for what fits.
export function integer(value, least, most, reason) {
  need(isInteger(value, least, most), reason)
  return Number(value)
}

export function list(value, most, reason, length) {
  need(Array.isArray(value) && value.length <= most, reason)
  need(length === undefined || value.length === length, reason)
  return value
}

export const id32 = (value, reason) => {
  need(isBytes(value, 32), reason)
  return value
}

export const isAbsent = (value) => value === undefined || value === null
export const characters = (string) => [...string].length
export const byText = (a, b) => Buffer.compare(text(a), text(b))
