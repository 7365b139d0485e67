// Folding the chain of certificates: from the founding record to who belongs and what was decided.
// What this program can't carry out (elections, recalls, moves of a seat) it says so about.
import { checkSignatures } from './certificates.mjs'
import {
  AMENDING,
  KIND_OF,
  amend,
  concerned,
  isOptions,
  isPerson,
  isTime,
  needsOf,
  optionsOf,
  ruleOf,
  seatsOf,
} from './effects.mjs'
import { NO_ROLL, carryOut, isMember, members, remove, rootOf } from './roll.mjs'
import { enrols } from './records.mjs'
import { decode, encode, hex, id32, isInteger, list, need, same, sha256 } from './values.mjs'

const bad = (condition, what) => need(condition, 'bad-certificate', what)

export function begin(founding, community) {
  need(same(founding.id, community), 'other-community')
  const founder = enrols(founding, community)
  need(founder !== null && founding.kind === 'found', 'bad-founding')
  const charter = decode(founding.body).get('charter')
  return {
    community,
    height: -1,
    id: community,
    charter,
    charterHash: sha256(encode(charter)),
    tellers: [[founder, founding.device]],
    founder: [founder, founding.device],
    roll: NO_ROLL,
    votes: new Map(),
    history: [],
  }
}

// The state after this certificate, or Refused.
export function fold(state, certificate) {
  need(same(certificate.community, state.community), 'other-community')
  need(certificate.height === state.height + 1, 'broken-chain')
  need(same(certificate.prev, state.id), 'broken-chain')
  checkSignatures(certificate, state.tellers)
  const after = { ...state, votes: new Map(state.votes) }
  const step = STEPS[certificate.kind]
  need(step !== undefined, 'unknown-decision', certificate.kind)
  step(state, after, certificate)
  after.charterHash = sha256(encode(after.charter))
  bad(same(after.charterHash, certificate.charter), 'another charter')
  bad(same(rootOf(after.roll), certificate.root), 'another roll')
  bad(same(encode(after.tellers), encode(certificate.tellers)), 'other tellers')
  return {
    ...after,
    height: certificate.height,
    id: certificate.id,
    history: [...state.history, certificate],
  }
}

const STEPS = { roll, open, close, effect: inEffect, remove: inEffect, annul }

function roll(state, after, { decision, height }) {
  after.roll = carryOut(state.roll, decision, { height, community: state.community, founder: state.founder })
}

function voteOf(state, decision, ...phases) {
  id32(decision.get('proposal'), 'bad-certificate')
  const vote = state.votes.get(hex(decision.get('proposal')))
  bad(vote && phases.includes(vote.phase), 'not in this phase')
  bad(isTime(decision.get('at')), 'a time')
  return vote
}

const put = (after, vote, changes) => after.votes.set(vote.proposal, { ...vote, ...changes })

// --- open ---------------------------------------------------------------------------------------

function open(state, after, certificate) {
  const known = state.votes.has(hex(id32(certificate.decision.get('proposal'), 'bad-certificate')))
  if (known) openAgain(state, after, certificate)
  else openFirst(state, after, certificate)
}

const KEYS = [
  'at',
  'author',
  'class',
  'effect',
  'kind',
  'options',
  'proposal',
  'quorums',
  'stage',
  'thresholds',
]

function openFirst(state, after, certificate) {
  const { decision } = certificate
  bad(same(encode([...decision.keys()].sort()), encode(KEYS)), 'keys of an open')
  const [kind, effect, author] = ['kind', 'effect', 'author'].map((key) => decision.get(key))
  bad(effect instanceof Map && isOptions(decision.get('options')) && isTime(decision.get('at')), 'an open')
  need(KIND_OF[effect.get('type')] === kind, 'bad-effect', 'a kind that does not fit')
  need(isPerson(author) && isMember(state.roll, author), 'not-a-member')
  const rule = ruleOf(state.charter, kind)
  const charter = amend(state.charter, effect)
  const options = optionsOf(effect, rule, decision.get('options'))
  const needs = needsOf(state.charter, charter, rule)
  const expected = new Map([
    ['stage', rule.get('notice_s') === 0 ? 'vote' : 'notice'],
    ['options', options],
    ...Object.entries(needs),
  ])
  for (const [key, value] of expected) bad(same(encode(value), encode(decision.get(key))), `another ${key}`)
  const absent = concerned(effect, rule)
  const vote = {
    proposal: hex(decision.get('proposal')),
    author,
    kind,
    effect,
    rule,
    ...needs,
    options: options.map(([id]) => id),
    seats: seatsOf(state.charter, effect),
    electorate: members(state.roll).filter((person) => !absent.includes(person)),
    rounds: [],
    phase: 'notice',
    opened: decision,
  }
  put(after, vote, {})
  if (decision.get('stage') === 'vote')
    newRound(state, after, vote, certificate, '', vote.options, vote.seats)
}

function newRound(state, after, vote, certificate, name, options, seats) {
  const round = {
    name,
    open: certificate.id,
    tellers: state.tellers,
    options,
    seats,
    at: certificate.decision.get('at'),
    electorate: vote.electorate.filter((person) => members(state.roll).includes(person)),
    result: null,
  }
  put(after, vote, { phase: 'open', rounds: [...vote.rounds, round] })
}

const NEXT = { notice: '', tied: 'run-off', missed: 'second-call', again: 'again', challenge: 'appeal' }

function openAgain(state, after, certificate) {
  const { decision } = certificate
  const vote = voteOf(state, decision, ...Object.keys(NEXT))
  bad(decision.get('stage') === 'vote' && decision.get('round') === NEXT[vote.phase], 'another round')
  const [last, asked] = [vote.rounds.at(-1), decision.get('round')]
  if (asked === 'appeal') {
    bad(
      vote.effect.get('type') === 'expel' && !vote.rounds.some(({ name }) => name === 'appeal'),
      'an appeal',
    )
    id32(decision.get('record'), 'bad-certificate')
  }
  const name = asked === 'again' ? last.name : asked
  let [options, seats] = [vote.options, vote.seats]
  if (asked === 'run-off') {
    options = vote.options.filter((id) => last.result.tied.includes(id))
    seats = last.result.seats
  } else if (['second-call', 'again'].includes(asked)) [options, seats] = [last.options, last.seats]
  newRound(state, after, vote, certificate, name, options, seats)
}

// --- close, effect, annul --------------------------------------------------------------------------

function close(state, after, certificate) {
  const { decision } = certificate
  const vote = voteOf(state, decision, 'open')
  const round = vote.rounds.at(-1)
  bad(same(decision.get('open'), round.open), 'another round')
  const [stops, outcome, winners, tied, seats] = ['stops', 'outcome', 'winners', 'tied', 'seats'].map((key) =>
    decision.get(key),
  )
  list(stops, round.tellers.length, 'bad-certificate').forEach((id) => id32(id, 'bad-certificate'))
  bad(new Set(stops.map(hex)).size === stops.length, 'one stop twice')
  bad(['adopted', 'rejected', 'missed', 'tie'].includes(outcome), 'an outcome')
  const named = [...list(winners, 20, 'bad-certificate'), ...list(tied, 20, 'bad-certificate')]
  bad(new Set(named).size === named.length && named.every((id) => round.options.includes(id)), 'an option')
  bad(isInteger(seats, 0, round.seats - winners.length), 'seats')
  bad(isInteger(decision.get('ballots'), 0, vote.electorate.length), 'ballots')
  id32(decision.get('root'), 'bad-certificate')
  bad(decision.get('tally') instanceof Map, 'a tally')
  bad(outcome === 'tie' ? tied.length > 0 && seats > 0 : tied.length === 0 && seats === 0, 'a tie')
  if (outcome === 'adopted') bad(winners.length > 0 === round.options.length > 0, 'winners')
  else if (outcome !== 'tie') bad(winners.length === 0, 'winners')
  const voters = round.electorate.filter((person) => members(state.roll).includes(person))
  const result = {
    outcome,
    winners,
    tied,
    seats,
    decision,
    voters,
    certificate: certificate.id,
    height: certificate.height,
  }
  const rounds = [...vote.rounds.slice(0, -1), { ...round, result }]
  const had = (name) => vote.rounds.some((each) => each.name === name)
  let phase = 'failed'
  if (outcome === 'tie' && !had('run-off')) phase = 'tied'
  else if (outcome === 'missed' && vote.rule.get('second_call') && !had('second-call')) phase = 'missed'
  else if (outcome === 'adopted' || winners.length > 0) phase = 'challenge'
  put(after, vote, { phase, rounds })
}

function inEffect(state, after, { decision, kind }) {
  const vote = voteOf(state, decision, 'challenge')
  const type = vote.effect.get('type')
  need(type !== 'elect', 'unknown-decision', 'an election')
  bad((type === 'expel') === (kind === 'remove'), 'another kind')
  if (AMENDING.includes(type)) after.charter = amend(state.charter, vote.effect)
  if (kind === 'remove') after.roll = remove(state.roll, vote.effect.get('person'), decision.get('heads'))
  put(after, vote, { phase: 'in_effect' })
}

function annul(state, after, { decision }) {
  const vote = state.votes.get(hex(id32(decision.get('proposal'), 'bad-certificate')))
  bad(vote !== undefined, 'no vote')
  const why = decision.get('why')
  const phase = {
    withdrawn: 'withdrawn',
    stale: 'annulled',
    opening: 'annulled',
    again: 'again',
    recount: 'open',
  }[why]
  bad(phase !== undefined, 'no reason')
  const undone = ['again', 'recount'].includes(why)
    ? { rounds: [...vote.rounds.slice(0, -1), { ...vote.rounds.at(-1), result: null }] }
    : {}
  put(after, vote, { phase, ...undone })
}
