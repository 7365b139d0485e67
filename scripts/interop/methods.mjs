// The methods of voting ("Choices", "What it takes", "Methods"). Integers alone are counted.
import { encode, isInteger } from './values.mjs'

export const STATUS_QUO = 'status-quo'
const WORDS = {
  majority: ['yes', 'no', 'abstain'],
  supermajority: ['yes', 'no', 'abstain'],
  consent: ['consent', 'object', 'aside'],
}
export const isYesNo = (method) => method in WORDS
const OWN = { majority: [1, 2, 'more'], supermajority: [2, 3, 'at_least'], consent: [2, 3, 'at_least'] }

const areOptions = (choice, ballot) =>
  Array.isArray(choice) && choice.every((id) => ballot.includes(id)) && new Set(choice).size === choice.length

// Whether this is a choice of the method's; `ballot` lists its options, the status quo last.
export function isChoice(method, choice, ballot) {
  if (isYesNo(method)) return WORDS[method].includes(choice)
  if (method === 'approval') return areOptions(choice, ballot)
  if (method === 'star') {
    return (
      choice instanceof Map &&
      [...choice].every(([id, stars]) => ballot.includes(id) && isInteger(stars, 0, 5))
    )
  }
  const isLevels =
    Array.isArray(choice) &&
    choice.every(
      (level) => Array.isArray(level) && level.length > 0 && (method !== 'irv' || level.length === 1),
    )
  return isLevels && areOptions(choice.flat(), ballot)
}

// How high an option stands on a ballot: of two, who stands higher is preferred.
function standing(method, choice, id) {
  if (method === 'approval') return choice.includes(id) ? 1 : 0
  if (method === 'star') return Number(choice.get(id) ?? 0)
  const level = choice.findIndex((one) => one.includes(id))
  return level < 0 ? -choice.length : -level
}

const isHarder = ([num, den, how], [num2, den2, how2]) =>
  num * den2 !== num2 * den ? num * den2 > num2 * den : how === 'more' && how2 !== 'more'

function verdict({ method, thresholds, quorums, voters }, inFavour, against) {
  if (inFavour === 0) return against > 0 ? 'rejected' : 'missed'
  const all = [...thresholds, ...(OWN[method] ? [OWN[method]] : [])]
  if (all.length > 0) {
    const [num, den, how] = all.reduce((one, two) => (isHarder(two, one) ? two : one))
    const [left, right] = [inFavour * den, (inFavour + against) * num]
    if (!(left > right || (how === 'at_least' && left === right))) return 'rejected'
  }
  const quorum = Math.max(1, ...quorums.map(([num, den]) => Math.ceil((voters * num) / den)))
  return inFavour >= quorum ? 'adopted' : 'missed'
}

// `choices` are those of the ballots that count. What a close says about the round.
export function outcomeOf(round, choices) {
  if (isYesNo(round.method)) return yesOrNo(round, choices)
  return choosing(round, choices)
}

function yesOrNo(round, choices) {
  const tally = new Map(
    WORDS[round.method].map((word) => [word, choices.filter((one) => one === word).length]),
  )
  const [inFavour, against] = [...tally.values()]
  return {
    outcome: verdict(round, inFavour, against),
    winners: [],
    tied: [],
    alternates: [],
    seats: 0,
    tally,
  }
}

function choosing(round, choices) {
  const ballot = [...round.options, STATUS_QUO]
  const prefer = (a, b) =>
    choices.filter((one) => standing(round.method, one, a) > standing(round.method, one, b)).length
  const { number, best } = METHODS[round.method](choices, ballot, prefer)
  const sides = (id) => [prefer(id, STATUS_QUO), prefer(STATUS_QUO, id)]
  const isAdopted = (id) => verdict(round, ...sides(id)) === 'adopted'

  const asked = round.alternates ?? 0
  const places = []
  while (places.flat().length < Math.min(round.seats + asked, ballot.length)) places.push(best(places.flat()))
  const [ahead, level] = [[], []]
  let left = round.seats
  let next = 0
  for (; left > 0 && next < places.length; next += 1) {
    if (places[next].includes(STATUS_QUO)) break
    if (places[next].length > left) {
      level.push(...places[next])
      next += 1
      break
    }
    ahead.push(...places[next])
    left -= places[next].length
  }
  const winners = ahead.filter(isAdopted)
  const tied = level.some(isAdopted) ? level : []
  const alternates =
    winners.length + tied.length > 0
      ? after(places.slice(next), asked - Math.max(0, level.length - left), isAdopted)
      : []
  const verdicts = [...ahead, ...level].map((id) => verdict(round, ...sides(id)))
  const isSilent = round.options.every((id) => sides(id).every((count) => count === 0))
  let outcome = 'rejected'
  if (tied.length > 0) outcome = 'tie'
  else if (winners.length > 0) outcome = 'adopted'
  else if (verdicts.includes('missed') || isSilent) outcome = 'missed'
  const [column, numbers] = number
  const tally = new Map([
    ['columns', [column, 'over', 'under']],
    ['rows', new Map(ballot.map((id) => [id, [numbers(id), ...sides(id)]]))],
  ])
  return { outcome, winners, tied, alternates, seats: tied.length > 0 ? left : 0, tally }
}

function after(places, room, isAdopted) {
  const found = []
  for (const place of places) {
    if (place.includes(STATUS_QUO)) break
    const adopted = place.filter(isAdopted)
    if (found.length + adopted.length > room) break
    found.push(...adopted)
  }
  return found
}

const most = (ids, count) => {
  const top = Math.max(...ids.map(count))
  return ids.filter((id) => count(id) === top)
}

const METHODS = {
  approval(choices, ballot) {
    const approvals = (id) => choices.filter((one) => one.includes(id)).length
    return {
      number: ['approvals', approvals],
      best: (placed) =>
        most(
          ballot.filter((id) => !placed.includes(id)),
          approvals,
        ),
    }
  },

  schulze(choices, ballot, prefer) {
    const path = new Map(
      ballot.flatMap((a) => ballot.map((b) => [`${a} ${b}`, prefer(a, b) > prefer(b, a) ? prefer(a, b) : 0])),
    )
    const p = (a, b) => path.get(`${a} ${b}`)
    for (const middle of ballot)
      for (const a of ballot)
        for (const b of ballot) {
          path.set(`${a} ${b}`, Math.max(p(a, b), Math.min(p(a, middle), p(middle, b))))
        }
    const wins = (a) => ballot.filter((b) => prefer(a, b) > prefer(b, a)).length
    const best = (placed) => {
      const open = ballot.filter((id) => !placed.includes(id))
      return open.filter((a) => !open.some((b) => p(b, a) > p(a, b)))
    }
    return { number: ['wins', wins], best }
  },

  star(choices, ballot, prefer) {
    const stars = (id) => choices.reduce((sum, one) => sum + Number(one.get(id) ?? 0), 0)
    const fives = (id) => choices.filter((one) => Number(one.get(id) ?? 0) === 5).length
    const best = (placed) => {
      const open = ballot.filter((id) => !placed.includes(id))
      if (open.length === 1) return open
      const winners = finalists(open, stars, fives, prefer).flatMap(([a, b]) => {
        const order =
          [prefer(a, b) - prefer(b, a), stars(a) - stars(b), fives(a) - fives(b)].find(
            (each) => each !== 0,
          ) ?? 0
        return order > 0 ? [a] : order < 0 ? [b] : [a, b]
      })
      return open.filter((id) => winners.includes(id))
    }
    return { number: ['stars', stars], best }
  },

  irv(choices, ballot) {
    const votes = (id, inside) =>
      choices.filter((one) => one.map(([each]) => each).find((each) => inside.includes(each)) === id).length
    const best = (placed) => {
      const memory = new Map()
      const winnersOf = (inside) => {
        if (inside.length === 1) return inside
        const key = inside.join(' ')
        if (!memory.has(key)) {
          const losers = most(inside, (id) => -votes(id, inside))
          memory.set(
            key,
            losers.flatMap((loser) => winnersOf(inside.filter((id) => id !== loser))),
          )
        }
        return memory.get(key)
      }
      const winners = winnersOf(ballot.filter((id) => !placed.includes(id)))
      return ballot.filter((id) => winners.includes(id))
    }
    return { number: ['first', (id) => votes(id, ballot)], best }
  },
}

// Every pair of finalists that the rules of `star` lead to.
function finalists(open, stars, fives, prefer) {
  const steps = [
    () => stars,
    (level) => (id) =>
      level.filter((other) => other !== id).reduce((sum, other) => sum + prefer(id, other), 0),
    () => fives,
  ]
  let sure = []
  let level = open
  for (const step of steps) {
    const count = step(level)
    let left = level
    level = []
    while (left.length > 0 && sure.length < 2) {
      const top = most(left, count)
      if (sure.length + top.length > 2) {
        level = top
        break
      }
      sure = [...sure, ...top]
      left = left.filter((id) => !top.includes(id))
    }
    if (sure.length === 2) return [sure]
  }
  const pairs =
    sure.length === 1
      ? level.map((id) => [sure[0], id])
      : level.flatMap((a, at) => level.slice(at + 1).map((b) => [a, b]))
  return pairs
}

export const isEqual = (one, two) => Buffer.compare(encode(one), encode(two)) === 0
