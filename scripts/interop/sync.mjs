// A conversation of sync, from either end ("The conversation").
import { bucketDigests } from './holdings.mjs'
import { MAX_MESSAGE, message, nameOf, readMessage } from './messages.mjs'
import { ZEROS, encode, hex, need, same, sha256 } from './values.mjs'

const MOST = 2_048 // places or ids in a message
const CERTIFICATES = 262_144 // bytes of bodies in an answer

export class Conversation {
  constructor(framed, holdings) {
    this.framed = framed
    this.holdings = holdings
    this.taken = { certificates: 0, objects: 0, records: 0 }
    this.asked = [] // names of the questions that the other side asked
    this.ending = '' // the reason of its Bye
  }

  async #say(name, ...items) {
    await this.framed.send(encode(message(name, ...items)))
  }

  // The next message; null at the end of the stream. A `Bye` ends the conversation wherever it comes.
  async #hear() {
    const raw = await this.framed.read(MAX_MESSAGE)
    if (raw === null) return null
    const heard = readMessage(raw)
    if (nameOf(heard) === 'Bye') {
      this.ending = heard[1]
      return null
    }
    return heard
  }

  async #hearThe(...names) {
    const heard = await this.#hear()
    need(heard !== null, 'ended', `instead of ${names}: ${this.ending}`)
    need(names.includes(nameOf(heard)), 'unexpected', nameOf(heard))
    return heard
  }

  #isEqual(hello) {
    const mine = this.holdings.hello()
    need(Number(hello[5]) === 1, 'other-version')
    need(same(hello[0], mine[0]), 'other-community')
    return same(encode(mine.slice(1, 5)), encode(hello.slice(1, 5)))
  }

  // As the side that opened the stream. True if it all was equal from the start.
  async lead() {
    await this.#say('Hello', ...this.holdings.hello())
    const hello = (await this.#hearThe('Hello')).slice(1)
    const equal = this.#isEqual(hello)
    if (!equal) {
      await this.#ask(hello)
      await this.#say('Turn', this.holdings.hello())
      await this.#answer()
    }
    await this.framed.close()
    return equal
  }

  // As the other side.
  async follow() {
    const hello = (await this.#hearThe('Hello')).slice(1)
    await this.#say('Hello', ...this.holdings.hello())
    if (!this.#isEqual(hello)) {
      const turn = await this.#answer()
      if (turn !== null) {
        await this.#ask(turn)
        await this.#say('Bye', 'done')
      }
    }
    await this.framed.close()
  }

  // --- asking

  async #ask([, height, newest, frontier, side]) {
    await this.#askCertificates(height, newest)
    const mine = () => this.holdings.hello()
    if (!same(side, mine()[4])) await this.#askSide()
    if (!same(frontier, mine()[3])) await this.#askLogs()
  }

  async #askCertificates(height, newest) {
    const { holdings } = this
    if (height <= holdings.height) {
      const mine = height < 0 ? holdings.community : holdings.state.history[height].id
      need(same(mine, newest), 'certificate-conflict', 'this program follows one chain alone')
      return
    }
    for (let more = true; more;) {
      const before = holdings.height
      await this.#say('WantCertificates', before + 1)
      const [, found, certificates, rest] = await this.#hearThe('Certificates')
      if (found !== null && holdings.founding === null) holdings.found(found)
      for (const certificate of certificates) holdings.certify(certificate)
      this.taken.certificates += certificates.length
      need(holdings.height > before, 'no-progress')
      more = rest
    }
  }

  async #askSide() {
    const { side } = this.holdings
    const wanted = new Map()
    await this.#say('WantSideIds')
    for (let more = true; more;) {
      const [, ids, rest] = await this.#hearThe('SideIds')
      for (const id of ids) if (!side.has(hex(id))) wanted.set(hex(id), id)
      more = rest
    }
    const all = [...wanted.values()]
    while (all.length > 0) {
      await this.#say('WantSide', all.splice(0, MOST))
      for (;;) {
        const heard = await this.#hearThe('Side', 'End')
        if (nameOf(heard) === 'End') break
        const id = hex(sha256(heard[1]))
        need(wanted.delete(id), 'unexpected')
        side.set(id, heard[1])
        this.taken.objects += 1
      }
    }
  }

  async #askLogs() {
    const places = []
    const mine = this.holdings.places()
    let count = 1
    while (count < 1_024 && count * 16 < mine.length) count *= 2
    await this.#say('Buckets', bucketDigests(mine, count))
    for (let more = true; more;) {
      const [, found, rest] = await this.#hearThe('Places')
      places.push(...found)
      more = rest
    }
    const wanted = places
      .filter(([device, lane, seq]) => this.holdings.log(device, lane).length < seq)
      .map(([device, lane]) => {
        const last = this.holdings.log(device, lane).at(-1)
        return [device, lane, last?.seq ?? 0, last?.id ?? ZEROS]
      })
      .sort((one, two) => one[1] - two[1])
    while (wanted.length > 0) {
      const portion = wanted.splice(0, MOST)
      await this.#say('Want', portion)
      for (;;) {
        const heard = await this.#hearThe('SegmentOf', 'Forked', 'End')
        if (nameOf(heard) === 'End') break
        need(nameOf(heard) === 'SegmentOf', 'unsupported', 'a fork')
        const [, device, lane, entries] = heard
        need(
          portion.some((place) => same(place[0], device) && place[1] === lane),
          'unexpected',
        )
        this.taken.records += this.holdings.take(device, lane, entries).length
      }
    }
  }

  // --- answering

  // Until the other side hands over its turn (its Hello), or ends (null).
  async #answer() {
    for (;;) {
      const heard = await this.#hear()
      if (heard === null) return null
      const name = nameOf(heard)
      if (name === 'Turn') return heard[1]
      this.asked.push(name)
      const answer = ANSWERS[name]
      need(answer !== undefined, 'unexpected', name)
      for (const [kind, ...items] of answer(this.holdings, ...heard.slice(1))) await this.#say(kind, ...items)
    }
  }
}

const ANSWERS = {
  WantCertificates({ founding, state }, height) {
    const rest = (state?.history ?? []).slice(height)
    let [size, fitting] = [0, 0]
    while (
      fitting < rest.length &&
      (fitting === 0 || size + rest[fitting].travel[0].length <= CERTIFICATES)
    ) {
      size += rest[fitting].travel[0].length
      fitting += 1
    }
    const found = height === 0 ? (founding?.travel ?? null) : null
    return [
      ['Certificates', found, rest.slice(0, fitting).map(({ travel }) => travel), fitting < rest.length],
    ]
  },
  WantSideIds: ({ side }) => [['SideIds', [...side.values()].map((raw) => sha256(raw)), false]],
  WantSide: ({ side }, ids) => [
    ...ids
      .map((id) => side.get(hex(id)))
      .filter(Boolean)
      .map((raw) => ['Side', raw]),
    ['End'],
  ],
  Buckets(holdings, digests) {
    const count = digests.length / 8
    const mine = bucketDigests(holdings.places(), count)
    const bucket = (place) => Buffer.from(sha256(place[0])).readUInt32BE() % count
    const differs = (place) =>
      !same(
        mine.subarray(8 * bucket(place), 8 * bucket(place) + 8),
        digests.subarray(8 * bucket(place), 8 * bucket(place) + 8),
      )
    return [['Places', holdings.places().filter(differs), false]]
  },
  Want: (holdings, places) => [
    ...places.flatMap(([device, lane, seq, id]) => {
      const segments = holdings.after(device, lane, seq, id)
      if (segments === null) return [['Forked', device, lane]]
      return segments.map((entries) => ['SegmentOf', device, lane, entries])
    }),
    ['End'],
  ],
  Probe: (holdings, device, lane, seqs) => [
    ['Ids', seqs.map((seq) => holdings.idAt(device, lane, seq) ?? new Uint8Array(0))],
  ],
  ProbeChain: ({ state }, heights) => [
    ['Ids', heights.map((height) => state?.history[height]?.id ?? new Uint8Array(0))],
  ],
  WantBranch: (holdings, device, lane, seq) => [
    [
      'Branch',
      holdings
        .log(device, lane)
        .slice(seq - 1)
        .map(({ header, signature }) => [header, signature]),
    ],
  ],
}
