// A small PNG: a photo for a listing, made here so that no file is needed.
import { crc32 as crc, deflateSync } from 'node:zlib'
import { bigEndian, concat, text, unhex } from './values.mjs'

const chunk = (name, data) => {
  const named = concat(text(name), data)
  return concat(bigEndian(data.length, 4), named, bigEndian(crc(named), 4))
}

// A square of so many pixels, shaded from corner to corner.
export function picture(side) {
  const rows = Array.from({ length: side }, (_, y) =>
    concat(Uint8Array.of(0), ...Array.from({ length: side }, (__, x) => Uint8Array.of(200 - x, 150 + y, 90))),
  )
  const header = concat(bigEndian(side, 4), bigEndian(side, 4), Uint8Array.of(8, 2, 0, 0, 0))
  return concat(
    unhex('89504e470d0a1a0a'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(concat(...rows))),
    chunk('IEND', new Uint8Array(0)),
  )
}
