// Effects of votes: what they change, whom they concern, which class of amendment they fall under.
import {
  characters,
  compare,
  decode,
  encode,
  hex,
  isBytes,
  isInteger,
  need,
  same,
  sha256,
} from './values.mjs'

// Those that this program can carry out; `elect` and `recall` are left to others.
export const KIND_OF = {
  amend_values: 'values',
  set_fees: 'fees',
  set_rules: 'rules',
  expel: 'expulsion',
  spend: 'spending',
  verdict: 'spending',
  pick: 'picks',
  advice: 'advice',
  elect: 'offices',
}
export const AMENDING = ['amend_values', 'set_fees', 'set_rules']
const bad = (condition, what) => need(condition, 'bad-effect', what)

const copy = (value) => decode(encode(value))

// The list of values as a map from id, and back.
const asMap = (charter) => {
  const open = copy(charter)
  open.set(
    'values',
    new Map(
      open.get('values').map((value) => {
        const rest = new Map(value)
        rest.delete('id')
        return [value.get('id'), rest]
      }),
    ),
  )
  return open
}
const asCharter = (open) => {
  open.set(
    'values',
    [...open.get('values')].map(([id, rest]) => new Map([['id', id], ...rest])),
  )
  return open
}

const at = (map, path) => path.reduce((part, key) => (part instanceof Map ? part.get(key) : undefined), map)

// The charter after these changes; refused with `stale` where a part is not what it was.
export function amend(charter, effect) {
  if (!AMENDING.includes(effect.get('type'))) return charter
  const changes = effect.get('changes')
  bad(Array.isArray(changes) && changes.length >= 1 && changes.length <= 256, 'changes')
  const open = asMap(charter)
  for (const change of changes) {
    bad(Array.isArray(change) && change.length === 3, 'a change')
    const [path, was] = change
    bad(Array.isArray(path) && path.length >= 1 && path.length <= 4, 'a path')
    const part = at(open, path)
    const isAsWas = was === null ? part === undefined : part !== undefined && same(sha256(encode(part)), was)
    need(isAsWas, 'bad-certificate', 'stale')
  }
  for (const [path, , now] of changes) {
    let part = open
    for (const key of path.slice(0, -1)) {
      if (!part.has(key)) part.set(key, new Map())
      part = part.get(key)
      bad(part instanceof Map, 'something on the way')
    }
    if (now === null) part.delete(path.at(-1))
    else part.set(path.at(-1), now)
  }
  return asCharter(open)
}

// What each part of a charter is that a class of amendment covers.
function partOf(charter, name) {
  const rules = () => copy(charter.get('rules'))
  const membership = charter.get('membership')
  const hearing = ['expel_notice_s', 'expel_hearing_s', 'appeal_s']
  if (name === 'one_member_one_vote') return [...rules()].map(([key, rule]) => [key, rule.get('method')])
  if (name === 'hearing') return hearing.map((key) => membership.get(key))
  if (name === 'exit') return membership.get('exit_s')
  if (name === 'rules') {
    const left = rules()
    for (const rule of left.values()) rule.delete('method')
    return left
  }
  if (name === 'membership') {
    const left = copy(membership)
    for (const key of [...hearing, 'exit_s']) left.delete(key)
    return left
  }
  return charter.get(name)
}

const isAlike = (one, two) => same(encode(one), encode(two))
const classes = (charter) =>
  ['A', 'B', 'C']
    .filter((letter) => charter.get('amendment').has(letter))
    .map((letter) => [letter, charter.get('amendment').get(letter)])

const isSameClass = ([letter, one], others) =>
  others.some(
    ([other, two]) =>
      letter === other &&
      ['covers', 'approval', 'approval_quorum'].every((key) => isAlike(one.get(key), two.get(key))),
  )

// `class`, `thresholds` and `quorums` of the first `open`.
export function needsOf(charter, after, rule) {
  const [before, later] = [classes(charter), classes(after)]
  const found = before.find(([, one]) =>
    one.get('covers').some((name) => !isAlike(partOf(charter, name), partOf(after, name))),
  )
  const changed = [
    ...(found ? [found] : []),
    ...before.filter((one) => !isSameClass(one, later)),
    ...later.filter((one) => !isSameClass(one, before)),
  ]
  const first = (lists) =>
    lists.filter((one, place) => lists.findIndex((other) => isAlike(one, other)) === place)
  const hasThreshold = ['consent', 'majority', 'supermajority'].includes(rule.get('method'))
  return {
    class: found?.[0] ?? '',
    thresholds: first([
      ...(hasThreshold ? [rule.get('threshold')] : []),
      ...changed.map(([, one]) => one.get('approval')),
    ]),
    quorums: first([rule.get('approval_quorum'), ...changed.map(([, one]) => one.get('approval_quorum'))]),
  }
}

// The rule of a vote, with the times that an expulsion has at least.
export function ruleOf(charter, kind) {
  const rule = new Map(charter.get('rules').get(kind))
  if (kind !== 'expulsion') return rule
  const raise = (key, least) => rule.set(key, Math.max(rule.get(key), charter.get('membership').get(least)))
  raise('notice_s', 'expel_notice_s')
  raise('open_s', 'expel_hearing_s')
  raise('min_open_s', 'expel_hearing_s')
  raise('challenge_s', 'appeal_s')
  return rule
}

// Ids and texts of the options of a vote, in the order of its ballot, the status quo left out.
export function optionsOf(effect, rule, proposed) {
  if (['consent', 'majority', 'supermajority'].includes(rule.get('method'))) return []
  const type = effect.get('type')
  if (type === 'advice') return proposed
  const texts = new Map(proposed)
  const mapped = { elect: 'candidates', pick: 'listings' }[type]
  if (!mapped) return [['adopt', texts.get('adopt') ?? '']]
  const ids = [...effect.get(mapped).keys()]
  bad(
    proposed.every(([id]) => ids.includes(id)),
    'an option of nobody',
  )
  const others = ids.filter((id) => !texts.has(id)).sort((a, b) => compare(Buffer.from(a), Buffer.from(b)))
  return [...proposed, ...others.map((id) => [id, ''])]
}

export function seatsOf(charter, effect) {
  if (effect.get('type') === 'pick') return effect.get('count')
  if (effect.get('type') !== 'elect') return 1
  const { seats } = Object.fromEntries(charter.get('offices').get(effect.get('office')))
  return effect.get('office') === 'teller' ? seats : Math.min(seats, effect.get('candidates').size)
}

// Persons who do not vote, in hex.
export function concerned(effect, rule) {
  const type = effect.get('type')
  if (type === 'expel') return [hex(effect.get('person'))]
  const keys = { spend: ['to'], verdict: ['buyer', 'seller'] }[type] ?? []
  if (!rule.get('recuse')) return []
  return keys
    .map((key) => effect.get(key))
    .filter(Boolean)
    .map(hex)
}

export const isOptions = (options) =>
  Array.isArray(options) &&
  options.length <= 20 &&
  options.every(
    (option) =>
      Array.isArray(option) &&
      option.length === 2 &&
      /^[a-zA-Z0-9][a-zA-Z0-9_-]{0,23}$/.test(option[0]) &&
      typeof option[1] === 'string' &&
      characters(option[1]) <= 200,
  )

export const isTime = (at_) => isInteger(at_, 0, 2 ** 53)
export const isPerson = (key) => isBytes(key, 32)
