// tests/vectors/protocol.json and voting.json: the same bytes, read and made anew here.
import { readFile } from 'node:fs/promises'
import { readCard } from './cards.mjs'
import { begin, fold } from './chain.mjs'
import { checkSignatures, decodeTravel } from './certificates.mjs'
import { bucketDigests, frontierDigest, sideDigest } from './holdings.mjs'
import { readLink } from './joining.mjs'
import { PURPOSES, publicKey, sign } from './keys.mjs'
import { recount } from './counting.mjs'
import { MAX_OBJECT, NUMBERS, readMessage } from './messages.mjs'
import { outcomeOf } from './methods.mjs'
import { enrols, isAuthentic, readEntry, readHeader, readSegment } from './records.mjs'
import { rootOf } from './roll.mjs'
import { Refused, decode, encode, hex, same, sha256, unhex } from './values.mjs'

const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  if ('$hex' in value) return unhex(value.$hex)
  return new Map(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

// JSON numbers beyond 2^53 are read exactly.
const parse = (text) =>
  JSON.parse(text.replace(/(:|\[|,)(\s*)(-?\d{16,})(?=\s*[,\]}])/g, '$1$2{"$big":"$3"}'), (_, value) =>
    value?.$big === undefined ? value : BigInt(value.$big),
  )

const isAlike = (one, two) => same(encode(one), encode(two))

function expect(condition, what) {
  if (!condition) throw new Error(what)
}

export async function check(folder) {
  const vectors = parse(await readFile(new URL('protocol.json', folder), 'utf8'))
  const counts = {}
  for (const [part, run] of Object.entries(PARTS)) counts[part] = run(vectors)
  counts.published = published(JSON.parse(await readFile(new URL('voting.json', folder), 'utf8')))
  return counts
}

const PARTS = {
  codec({ codec }) {
    for (const one of codec) {
      expect(hex(encode(plain(one.plain))) === one.hex, `codec: writes ${one.hex} otherwise`)
      expect(isAlike(decode(unhex(one.hex)), plain(one.plain)), `codec: reads ${one.hex} otherwise`)
    }
    return codec.length
  },

  signatures({ signatures, keys }) {
    for (const { what, signer, purpose, parts, signature } of signatures) {
      const [name] = Object.entries(PURPOSES).find(([, bytes]) => hex(bytes) === purpose)
      const signed = sign(unhex(keys[signer].seed), name, ...parts.map(([, part]) => unhex(part)))
      expect(hex(signed) === signature, `signatures: ${what}`)
    }
    for (const { seed, public: key } of Object.values(keys))
      expect(hex(publicKey(unhex(seed))) === key, 'a key')
    return signatures.length
  },

  records({ records, community, keys }) {
    for (const [name, one] of Object.entries(records)) {
      const header = encode([...plain(one.fields).values()])
      expect(hex(header) === one.header && hex(sha256(header)) === one.id, `records: header of ${name}`)
      const record = readEntry(decode(unhex(one.entry)))
      if (one.signature) {
        const signed = sign(unhex(keys[one.signer].seed), 'record', unhex(community), record.id)
        expect(
          hex(signed) === one.signature && isAuthentic(record, unhex(community)),
          `records: signature of ${name}`,
        )
      }
    }
    return Object.keys(records).length
  },

  segments({ segments, community }) {
    for (const { entries, device, lane, ids, what } of segments) {
      const records = readSegment(decode(unhex(entries)), unhex(community), unhex(device), lane)
      expect(
        isAlike(
          records.map(({ id }) => hex(id)),
          ids,
        ),
        `segments: ${what}`,
      )
    }
    return segments.length
  },

  certificates(vectors) {
    let state = stateAt(vectors, -1)
    for (const one of vectors.certificates) {
      const certificate = decodeTravel(unhex(one.travel))
      expect(hex(certificate.id) === one.id, 'certificates: an id')
      state = fold(state, certificate)
      expect(hex(rootOf(state.roll)) === hex(sha256(unhex(one.roll))), 'certificates: a roll')
    }
    return vectors.certificates.length
  },

  votes(vectors) {
    const community = unhex(vectors.community)
    for (const one of vectors.votes) {
      const state = stateAt(vectors, one.certificate)
      const id = hex(decodeTravel(unhex(vectors.certificates[one.certificate].travel)).id)
      const vote = [...state.votes.values()].find(({ rounds }) =>
        rounds.some(({ result }) => result && hex(result.certificate) === id),
      )
      const round = vote.rounds.find(({ result }) => result && hex(result.certificate) === id)
      const entries = [...one.evidence, ...one.ballots.map(({ entry }) => entry)].map((entry) =>
        readEntry(decode(unhex(entry))),
      )
      const enrolments = new Map(
        Object.values(vectors.records)
          .map(({ entry }) => readEntry(decode(unhex(entry))))
          .filter((record) => enrols(record, community))
          .map((record) => [hex(record.device), hex(enrols(record, community))]),
      )
      const { status } = recount(vote, round, { community, roll: state.roll, records: entries, enrolments })
      expect(status === 'equal', `votes: the one that certificate ${one.certificate} closes: ${status}`)
    }
    return vectors.votes.length
  },

  counts({ counts }) {
    for (const one of counts) {
      const choices = one.choices.flatMap(([times, choice]) => Array(times).fill(plain(choice)))
      const came = outcomeOf({ ...one, alternates: one.alternates_asked }, choices)
      const wanted = [one.outcome, one.winners, one.tied, one['seats left'], plain(one.tally)]
      expect(
        isAlike([came.outcome, came.winners, came.tied, came.seats, came.tally], wanted),
        `counts: ${one.what}`,
      )
    }
    return counts.length
  },

  link({ link }) {
    for (const text of [link.text, link['on a shop window']]) {
      expect(isAlike(Object.values(readLink(text)), plain(link.plain)), 'link')
    }
    return 2
  },

  card({ card, community }) {
    const read = readCard([unhex(card.raw), unhex(card.signature)], unhex(community))
    expect(isAlike([read.device, read.addresses, read.issued, read.expires], plain(card.plain)), 'card')
    return 1
  },

  digests({ digests }) {
    const places = plain(digests.places)
    expect(hex(frontierDigest(places)) === digests.frontier, 'digests: the frontier')
    expect(hex(bucketDigests(places, 1)) === digests['one bucket'], 'digests: one bucket')
    expect(hex(bucketDigests(places, 4)) === digests['four buckets'], 'digests: four buckets')
    expect(hex(sideDigest(digests['side ids'].map(unhex))) === digests.side, 'digests: the side set')
    return 4
  },

  messages({ messages }) {
    for (const { number, name, frame } of messages) {
      const message = readMessage(unhex(frame))
      expect(message[0] === number && NUMBERS[name] === number, `messages: ${name}`)
      expect(hex(encode(message)) === frame, `messages: ${name} is written otherwise`)
    }
    return messages.length
  },

  objects({ objects }) {
    for (const { raw, id } of Object.values(objects)) {
      decode(unhex(raw), MAX_OBJECT)
      expect(hex(sha256(unhex(raw))) === id, 'objects: an id')
    }
    return Object.keys(objects).length
  },

  refused(vectors) {
    const { tellers, community } = vectors
    const readers = {
      codec: ({ hex: bytes }) => decode(unhex(bytes)),
      header: ({ hex: bytes }) => readHeader(unhex(bytes)),
      entry: ({ hex: bytes }) => readEntry(decode(unhex(bytes))),
      segment: (one) =>
        readSegment(decode(unhex(one.hex)), unhex(one.community ?? community), unhex(one.device), one.lane),
      certificate: ({ hex: bytes }) => decodeTravel(unhex(bytes)),
      'signed certificate': ({ hex: bytes }) =>
        checkSignatures(
          decodeTravel(unhex(bytes)),
          tellers.map((teller) => teller.map(unhex)),
        ),
      card: ({ hex: bytes }) => readCard(decode(unhex(bytes)), unhex(community)),
      message: ({ hex: bytes }) => readMessage(unhex(bytes)),
      link: ({ text }) => readLink(text),
    }
    const tried = vectors.refused.filter(({ reader }) => reader in readers)
    for (const one of tried) {
      let refusal = null
      try {
        readers[one.reader](one)
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        refusal = error
      }
      expect(refusal !== null, `refused: ${one.reader}, ${one.what}, was taken`)
    }
    return tried.length
  },
}

function stateAt({ records, certificates, community }, height) {
  const start = begin(readEntry(decode(unhex(records.found.entry))), unhex(community))
  return certificates
    .slice(0, height + 1)
    .reduce((state, one) => fold(state, decodeTravel(unhex(one.travel))), start)
}

// Published elections; every potential winner is named.
function published({ cases }) {
  for (const one of cases) {
    const choices = one.ballots.flatMap(({ count, ranking }) => Array(count).fill(ranking))
    const round = { ...one, seats: 1, thresholds: [], quorums: [], voters: choices.length }
    const { winners, tied } = outcomeOf(round, choices)
    expect(isAlike([...winners, ...tied].sort(), [...one.winners].sort()), `published: ${one.name}`)
  }
  return cases.length
}
