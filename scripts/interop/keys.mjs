// Ed25519 as "Keys and signatures" asks for it: like libsodium, to the letter.
import {
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concat, isBytes, text, unhex } from './values.mjs'

const PRIVATE = unhex('302e020100300506032b657004220420') // PKCS 8, then the seed
const PUBLIC = unhex('302a300506032b6570032100') // SubjectPublicKeyInfo, then the key

export const newSeed = () => Uint8Array.from(randomBytes(32))

const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.from(concat(PRIVATE, seed)), format: 'der', type: 'pkcs8' })

export const publicKey = (seed) =>
  Uint8Array.from(createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-32))

export const PURPOSES = Object.fromEntries(
  ['record', 'enrol', 'join', 'certificate', 'move-seat', 'recall', 'teller', 'address'].map((name) => [
    name,
    text(`moothall/${name}/1\0`),
  ]),
)

export const sign = (seed, purpose, ...parts) =>
  Uint8Array.from(signBytes(null, concat(PURPOSES[purpose], ...parts), privateKey(seed)))

function point(bytes) {
  try {
    return ed25519.Point.fromBytes(bytes, false) // false: canonical encodings alone
  } catch {
    return null
  }
}

// OpenSSL checks S below L and the equation without the cofactor, byte for byte; what libsodium
// asks beyond that is about the points.
export function isSigned(key, signature, purpose, ...parts) {
  if (!isBytes(key, 32) || !isBytes(signature, 64)) return false
  const [a, r] = [point(key), point(signature.subarray(0, 32))]
  if (!a || !r || a.isSmallOrder() || r.isSmallOrder()) return false
  const spki = createPublicKey({ key: Buffer.from(concat(PUBLIC, key)), format: 'der', type: 'spki' })
  return verifyBytes(null, concat(PURPOSES[purpose], ...parts), spki, signature)
}

export function isUsable(key) {
  const found = point(key)
  return found !== null && !found.isSmallOrder() && found.isTorsionFree()
}
