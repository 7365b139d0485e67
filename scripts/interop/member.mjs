// This peer as a member: what it holds, what it serves, what it hears by gossip.
import { readDelivery, readOffer, writeCard, writeDelivery, writeOffer } from './cards.mjs'
import { Holdings } from './holdings.mjs'
import { publicKey } from './keys.mjs'
import { CARDS, SYNC, Framed, dial, open, startPeer, topicOf } from './network.mjs'
import { LANES, write } from './records.mjs'
import { Conversation } from './sync.mjs'
import { encode, same } from './values.mjs'

const MAX_DELIVERY = 131_072
const MAX_OFFER = 2_048

export class Member {
  constructor(seed, community) {
    this.seed = seed
    this.device = publicKey(seed)
    this.community = community
    this.holdings = new Holdings(community)
    this.heard = [] // data of gossip messages
    this.served = [] // {peer, asked} of conversations that others opened
    this.cards = [] // read ones, whoever brought them
    this.problems = [] // what went wrong while serving
  }

  async start({ listen = [] } = {}) {
    this.node = await startPeer(this.seed, { listen })
    const topic = topicOf(this.community)
    this.node.services.pubsub.addEventListener('message', ({ detail }) => {
      if (detail.topic === topic) this.heard.push(Uint8Array.from(detail.data))
    })
    this.node.services.pubsub.subscribe(topic)
    this.#serve(SYNC, async (framed, peer) => {
      const conversation = new Conversation(framed, this.holdings)
      await conversation.follow()
      this.served.push({ peer, asked: conversation.asked })
    })
    this.#serve(CARDS, (framed) => this.#answerCards(framed))
    return this
  }

  #serve(protocol, talk) {
    this.node.handle(protocol, (stream, connection) => {
      const framed = new Framed(stream)
      talk(framed, connection.remotePeer.toString()).catch((error) => {
        this.problems.push(`${protocol}: ${error.message}`)
        stream.abort(error)
      })
    })
  }

  async stop() {
    await this.node?.stop()
  }

  get peer() {
    return this.node.peerId.toString()
  }

  get topic() {
    return topicOf(this.community)
  }

  connect(address) {
    return dial(this.node, address)
  }

  async sync(connection) {
    const conversation = new Conversation(await open(connection, SYNC), this.holdings)
    conversation.wasEqual = await conversation.lead()
    return conversation
  }

  // --- cards

  #own() {
    const addresses = this.node.getMultiaddrs().map((one) => one.toString().replace(/\/p2p\/[^/]+$/, ''))
    return addresses.length > 0 ? [writeCard(this.seed, this.community, addresses, Date.now())] : []
  }

  // Places of what is offered that is newer than what came before.
  #lacking(offered) {
    const held = ([mark, issued]) =>
      this.cards.some((card) => same(card.device.subarray(0, mark.length), mark) && card.issued >= issued)
    return [...offered.keys()].filter((place) => !held(offered[place]))
  }

  #take(message, theirs, wanted, offered) {
    const asked = wanted.map((place) => theirs.cards[place][0])
    const delivery = readDelivery(message, this.community, asked, offered)
    this.cards.push(...delivery.cards)
    return delivery
  }

  async tradeCards(connection) {
    const framed = await open(connection, CARDS)
    const ours = this.#own()
    await framed.send(writeOffer(Date.now(), true, ours, []))
    const theirs = readOffer(await framed.read(MAX_OFFER), ours.length)
    const wanted = this.#lacking(theirs.cards)
    if (theirs.wanted.length + wanted.length > 0) {
      await framed.send(
        writeDelivery(
          theirs.wanted.map((place) => ours[place]),
          wanted,
        ),
      )
    }
    const cards = wanted.length > 0 ? this.#take(await framed.read(MAX_DELIVERY), theirs, wanted, 0).cards : []
    await framed.close()
    return cards
  }

  async #answerCards(framed) {
    const theirs = readOffer(await framed.read(MAX_OFFER), 0)
    const ours = this.#own()
    const wanted = this.#lacking(theirs.cards)
    await framed.send(writeOffer(Date.now(), false, ours, wanted))
    const message = await framed.read(MAX_DELIVERY)
    if (message !== null) {
      const asked = this.#take(message, theirs, wanted, ours.length).wanted
      if (asked.length > 0) {
        await framed.send(
          writeDelivery(
            asked.map((place) => ours[place]),
            [],
          ),
        )
      }
    }
    await framed.close()
  }

  // --- writing

  // The next record of one of this device's own logs. It is not held until `hold` says so.
  compose(lane, kind, body) {
    const last = this.holdings.log(this.device, LANES[lane]).at(-1) ?? null
    return write({
      seed: this.seed,
      community: this.community,
      lane: LANES[lane],
      last,
      kind,
      body,
      now: Date.now(),
      gov: this.holdings.newest,
    })
  }

  hold({ lane, travel }) {
    this.holdings.take(this.device, lane, [travel])
  }

  gossipOf({ lane, travel }) {
    return encode([0, [[this.device, lane, [travel]]]])
  }

  publish(data) {
    return this.node.services.pubsub.publish(this.topic, data)
  }

  // Everything of gov, market and talk that is held, record by record.
  records() {
    return [...this.holdings.logs.values()].flat()
  }
}

export const listing = (title) =>
  new Map([
    ['title', title],
    ['mode', 'give'],
    ['version', 1],
    ['description', 'Made by another implementation.'],
  ])
