// The messages of sync: lists of a number and fields.
import { decode, hex, isBytes, isInteger, list, need } from './values.mjs'

export const MAX_MESSAGE = 524_288
export const MAX_OBJECT = 458_752
const MOST_WANTS = 2_048
const BUCKETS = Array.from({ length: 13 }, (_, power) => 2 ** power)
const MOST_HEIGHT = 2 ** 53 - 1

const NAMES = [
  'Hello',
  'WantCertificates',
  'Certificates',
  'WantSideIds',
  'SideIds',
  'WantSide',
  'Side',
  'Buckets',
  'Places',
  'Want',
  'SegmentOf',
  'Forked',
  'End',
  'Probe',
  'Ids',
  'WantBranch',
  'Branch',
  'Turn',
  'Bye',
  'ProbeChain',
]
export const NUMBERS = Object.fromEntries(NAMES.map((name, number) => [name, number]))

const bad = (condition) => need(condition, 'bad-message')
const bytes = (size) => (value) => bad(isBytes(value, size))
const number = (least, most) => (value) => bad(isInteger(value, least, most))
const flag = (value) => bad(typeof value === 'boolean')
const listOf =
  (shape, most, least = 0) =>
  (value) => {
    list(value, most, 'bad-message').forEach(shape)
    bad(value.length >= least)
  }
const device = bytes(32)
const lane = number(0, 2)
const hello = [
  bytes(8),
  number(-1, MOST_HEIGHT),
  bytes(32),
  bytes(16),
  bytes(16),
  number(-Infinity, Infinity),
]
const fields = (shapes) => (value) => {
  list(value, shapes.length, 'bad-message', shapes.length)
  value.forEach((item, at) => shapes[at](item))
}
const places = (value) => {
  list(value, MOST_WANTS, 'bad-message').forEach(fields([device, lane, number(0, 2 ** 53), bytes(32)]))
  bad(new Set(value.map(([key, number_]) => `${key}/${number_}`)).size === value.length)
}

const SHAPES = {
  Hello: hello,
  WantCertificates: [number(0, MOST_HEIGHT)],
  Certificates: [
    (value) => bad(value === null || Array.isArray(value)),
    (value) => bad(Array.isArray(value)),
    flag,
  ],
  WantSideIds: [],
  SideIds: [listOf(device, 8_192), flag],
  WantSide: [
    (value) => {
      listOf(device, MOST_WANTS)(value)
      bad(new Set(value.map(hex)).size === value.length)
    },
  ],
  Side: [(value) => bad(isBytes(value) && value.length <= MAX_OBJECT)],
  Buckets: [(value) => bad(isBytes(value) && BUCKETS.includes(value.length / 8))],
  Places: [places, flag],
  Want: [places],
  SegmentOf: [device, lane, (value) => bad(Array.isArray(value))],
  Forked: [device, lane],
  End: [],
  Probe: [device, lane, listOf(number(1, MOST_HEIGHT), 64, 1)],
  Ids: [listOf((value) => bad(isBytes(value, 32) || isBytes(value, 0)), 64)],
  WantBranch: [device, lane, number(1, MOST_HEIGHT)],
  Branch: [listOf(() => {}, 1_024)],
  Turn: [fields(hello)],
  Bye: [(value) => bad(typeof value === 'string' && /^[ -~]{0,64}$/.test(value))],
  ProbeChain: [listOf(number(0, MOST_HEIGHT), 64, 1)],
}

export function readMessage(raw) {
  const message = decode(raw, MAX_MESSAGE)
  bad(Array.isArray(message) && typeof message[0] === 'number')
  const name = NAMES[message[0]]
  bad(name !== undefined)
  fields(SHAPES[name])(message.slice(1))
  if (['SideIds', 'Places'].includes(name)) bad(message[1].length > 0 || !message[2])
  return message
}

export const nameOf = (message) => NAMES[message[0]]
export const message = (name, ...items) => [NUMBERS[name], ...items]
