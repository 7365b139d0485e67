// The roll ("The roll" and "The decision of a roll certificate"): persons, rounds, cuts.
import {
  ZEROS,
  compare,
  encode,
  hex,
  id32,
  integer,
  isInteger,
  list,
  need,
  sha256,
  unhex,
} from './values.mjs'

export const NO_ROLL = { persons: new Map(), rounds: new Map(), cuts: new Map() }
const KEYS = ['admit', 'enrol', 'expire', 'leave', 'retire', 'cite']
const bad = (condition, what) => need(condition, 'bad-certificate', what)

const copy = (roll) => ({
  persons: new Map(
    [...roll.persons].map(([key, person]) => [key, { ...person, devices: new Map(person.devices) }]),
  ),
  rounds: new Map(roll.rounds),
  cuts: new Map(roll.cuts),
})

const byKeys = (one, two) => compare(one[0], two[0]) || one[1] - two[1]

// A key of rounds and cuts: a device and a small number, as "hex/number".
const split = (key) => [unhex(key.split('/')[0]), Number(key.split('/')[1])]

export function rootOf(roll) {
  const persons = [...roll.persons].map(([key, person]) => [
    unhex(key),
    person.inviter,
    person.since,
    person.standing,
    [...person.devices].map(([device, height]) => [unhex(device), height]).sort(byKeys),
  ])
  const rounds = [...roll.rounds].map(([key, round]) => [...split(key), round])
  const cuts = [...roll.cuts].map(([key, [seq, id]]) => [...split(key), seq, id])
  return sha256(encode([persons.sort((a, b) => compare(a[0], b[0])), rounds.sort(byKeys), cuts.sort(byKeys)]))
}

export const isMember = (roll, person) => roll.persons.get(hex(person))?.standing === 'member'
export const members = (roll) =>
  [...roll.persons].filter(([, { standing }]) => standing === 'member').map(([key]) => key)
export const isCut = (roll, device) => roll.cuts.has(`${hex(device)}/0`)

// The person on whose list a device is, in hex, or undefined.
export const ownerOf = (roll, device) =>
  [...roll.persons].find(([, person]) => person.devices.has(hex(device)))?.[0]

function readPlace(place) {
  list(place, 4, 'unreadable', 4)
  return {
    device: id32(place[0], 'unreadable'),
    lane: integer(place[1], 0, 2, 'unreadable'),
    seq: integer(place[2], 0, 2 ** 53, 'unreadable'),
    id: id32(place[3], 'unreadable'),
  }
}

function cut(roll, device, heads) {
  const places = list(heads, 64, 'bad-certificate').map(readPlace)
  for (const lane of [0, 1, 2]) {
    const key = `${hex(device)}/${lane}`
    if (roll.cuts.has(key)) continue
    const named = places.filter((place) => hex(place.device) === hex(device) && place.lane === lane).at(-1)
    roll.cuts.set(key, named?.seq > 0 ? [named.seq, named.id] : [0, ZEROS])
  }
}

function open(roll, device, number, round) {
  bad(isInteger(number, 0, 999), 'a slot')
  const key = `${hex(device)}/${number}`
  bad(round === (roll.rounds.get(key) ?? 0), 'a slot that is not open')
  roll.rounds.set(key, round + 1)
}

const LINES = {
  admit(roll, [person, device, inviter, slot, record], { before, height, community, founder }) {
    bad(!isMember(roll, person) && ownerOf(roll, device) === undefined, 'admitted already')
    if (inviter === null) {
      bad(slot === null && roll.persons.size === 0, 'no inviter')
      bad(hex(person) === hex(founder[0]) && hex(device) === hex(founder[1]), 'another founder')
      bad(hex(record) === hex(community), 'another founding')
    } else {
      const [from, number, round] = list(slot, 3, 'bad-certificate', 3)
      bad(
        isMember(before, inviter) && ownerOf(before, from) === hex(inviter) && !isCut(before, from),
        'the inviter',
      )
      open(roll, from, number, round)
    }
    const devices = roll.persons.get(hex(person))?.devices ?? new Map()
    devices.set(hex(device), height)
    roll.persons.set(hex(person), { inviter, since: height, standing: 'member', devices })
  },
  enrol(roll, [person, device], { height }) {
    bad(isMember(roll, person) && ownerOf(roll, device) === undefined, 'enrolled already')
    roll.persons.get(hex(person)).devices.set(hex(device), height)
  },
  expire(roll, [device, number, round]) {
    bad(ownerOf(roll, device) !== undefined, "nobody's slot")
    open(roll, device, number, round)
  },
  leave(roll, [person, , heads]) {
    bad(isMember(roll, person), 'no member')
    const leaver = roll.persons.get(hex(person))
    leaver.standing = 'left'
    for (const device of leaver.devices.keys()) cut(roll, unhex(device), heads)
  },
  retire(roll, [device, heads]) {
    bad(ownerOf(roll, device) !== undefined, "nobody's device")
    cut(roll, device, heads)
  },
  cite() {},
}
const LENGTHS = { admit: 5, enrol: 3, expire: 3, leave: 3, retire: 2 }

export function carryOut(before, decision, context) {
  const keys = [...decision.keys()]
  bad(keys.length > 0 && keys.every((key) => KEYS.includes(key)), 'a roll decision')
  const roll = copy(before)
  for (const key of KEYS.filter((each) => decision.has(each))) {
    for (const line of list(decision.get(key), Infinity, 'bad-certificate')) {
      if (key === 'cite') id32(line, 'bad-certificate')
      else LINES[key](roll, list(line, LENGTHS[key], 'bad-certificate', LENGTHS[key]), { ...context, before })
    }
  }
  return roll
}

// What a `remove` does: the person is removed, and their devices are cut.
export function remove(before, person, heads) {
  const roll = copy(before)
  const removed = roll.persons.get(hex(person))
  bad(removed?.standing === 'member', 'no member')
  removed.standing = 'removed'
  for (const device of removed.devices.keys()) cut(roll, unhex(device), heads)
  return roll
}
