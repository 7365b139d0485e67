// Counting a closed round again, from stops, receipts and ballots ("Which ballots count").
import { isChoice, isYesNo, outcomeOf, STATUS_QUO } from './methods.mjs'
import { BALLOT, RECEIPTS, STOP, isAuthentic, readBody } from './records.mjs'
import { ownerOf } from './roll.mjs'
import { compare, encode, hex, isAbsent, same, sha256 } from './values.mjs'

// `records` are all that is held in gov, whatever log or side set they stand in; `enrolments` maps
// a device to the person who enrolled it, both in hex. Answers what the count comes to, or why it
// is incomplete or wrong.
export function recount(vote, round, { community, roll, records, enrolments }) {
  const held = new Map(records.map((record) => [hex(record.id), record]))
  const read = (id, kind, shape) => {
    const record = held.get(hex(id))
    const body = record && readBody(record, kind, shape)
    return body && isAuthentic(record, community) && same(body.get('open'), round.open)
      ? { record, body }
      : null
  }
  const { method, revise } = { method: vote.rule.get('method'), revise: vote.rule.get('revise') }
  const ballotOptions = isYesNo(method) ? [] : [...round.options, STATUS_QUO]
  const devices = round.tellers.map(([, device]) => hex(device))
  const f = Math.floor((devices.length - 1) / 3)

  const mayCount = (id) => {
    const found = read(id, 'ballot', BALLOT)
    if (!found || !isChoice(method, found.body.get('choice'), ballotOptions)) return null
    const device = hex(found.record.device)
    const person = ownerOf(roll, found.record.device)
    if (!round.result.voters.includes(person) || enrolments.get(device) !== person) return null
    if (roll.persons.get(person).devices.get(device) > round.result.height) return null
    return {
      id: hex(id),
      person,
      version: Number(found.body.get('version')),
      choice: found.body.get('choice'),
    }
  }

  // The list of a chain that ends at `last`; null where a link is missing.
  const follow = (device, last) => {
    const lists = []
    const seen = new Set()
    for (let id = last; !isAbsent(id);) {
      const found = read(id, 'receipts', RECEIPTS)
      if (!found || hex(found.record.device) !== device || seen.has(hex(id))) return null
      seen.add(hex(id))
      lists.unshift(found.body.get('ballots'))
      id = found.body.get('before')
    }
    return lists.flat()
  }
  const strike = (list) => {
    const counted = list.map(mayCount).filter(Boolean)
    if (revise) return counted
    return counted.filter((one, at) => counted.findIndex(({ person }) => person === one.person) === at)
  }

  const lists = []
  for (const id of round.result.decision.get('stops')) {
    const stop = read(id, 'stop', STOP)
    if (!stop) return { status: held.has(hex(id)) ? 'differs' : 'incomplete' }
    const device = hex(stop.record.device)
    if (!devices.includes(device) || lists.some((one) => one.device === device)) return { status: 'differs' }
    const list = follow(device, stop.body.get('last'))
    if (list === null || list.some((each) => !read(each, 'ballot', BALLOT))) return { status: 'incomplete' }
    lists.push({ device, list: strike(list) })
  }

  const ballots = new Map(lists.flatMap(({ list }) => list).map((one) => [one.id, one]))
  const namedBy = new Map() // ballot -> tellers who name it in a list of any of their chains
  for (const device of devices) {
    const ends = records.filter((record) => hex(record.device) === device && record.kind === 'receipts')
    for (const end of ends) {
      for (const one of strike(follow(device, end.id) ?? [])) {
        ballots.set(one.id, one)
        namedBy.set(one.id, (namedBy.get(one.id) ?? new Set()).add(device))
      }
    }
  }
  const isListed = (id) => lists.filter(({ list }) => list.some((one) => one.id === id)).length >= f + 1
  const isSafe = (id) => (namedBy.get(id)?.size ?? 0) >= 2 * f + 1

  const counted = new Map()
  for (const one of ballots.values()) {
    if (!isListed(one.id) && !isSafe(one.id)) continue
    const other = counted.get(one.person)
    if (other === undefined || isBetter(one, other)) counted.set(one.person, one)
  }
  function isBetter(one, other) {
    if (!revise && isSafe(one.id) !== isSafe(other.id)) return isSafe(one.id)
    if (!revise && isListed(one.id) !== isListed(other.id)) return isListed(one.id)
    return one.version !== other.version ? one.version > other.version : one.id < other.id
  }

  const chosen = [...counted.values()]
  const ids = chosen.map(({ id }) => Uint8Array.from(Buffer.from(id, 'hex'))).sort(compare)
  const asked = {
    method,
    thresholds: vote.thresholds,
    quorums: vote.quorums,
    options: round.options,
    seats: round.seats,
    voters: round.result.voters.length,
  }
  const came = {
    ...outcomeOf(
      asked,
      chosen.map(({ choice }) => choice),
    ),
    ballots: chosen.length,
    root: sha256(...ids),
  }
  const keys = ['outcome', 'winners', 'tied', 'seats', 'ballots', 'root', 'tally']
  const isEqual = keys.every((key) => same(encode(came[key]), encode(round.result.decision.get(key))))
  return { status: isEqual ? 'equal' : 'differs', ...came }
}
