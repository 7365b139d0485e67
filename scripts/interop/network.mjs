// A libp2p node as "The network" asks for it, and messages with their length before them.
import { gossipsub, StrictSign } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { bigEndian, concat, hex, need, sha256 } from './values.mjs'

export const JOIN = '/moothall/join/1'
export const SYNC = '/moothall/sync/1'
export const CARDS = '/moothall/cards/2'
export const BLOB = '/moothall/blob/1'
export const GOSSIP = '/meshsub/1.1.0'
export const PROTOCOLS = [JOIN, SYNC, CARDS, BLOB, GOSSIP]

export const topicOf = (community) => `moothall/${hex(community).slice(0, 16)}`
export const peerOf = (device) => peerIdFromPublicKey(publicKeyFromRaw(device)).toString()

const PATIENCE = 30_000 // ms a message may take to come

export async function startPeer(seed, { listen = [] } = {}) {
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { reconnectRetries: 0 },
    services: {
      identify: identify(),
      ping: ping(),
      pubsub: gossipsub({
        allowPublishToZeroTopicPeers: true,
        fallbackToFloodsub: false,
        globalSignaturePolicy: StrictSign,
        msgIdFn: ({ data }) => sha256(data),
        D: 6,
        Dlo: 4,
        Dhi: 12,
      }),
    },
  })
}

export const dial = (node, address) => node.dial(multiaddr(address))
export const peerId = (string) => peerIdFromString(string)

export async function open(connection, protocol) {
  return new Framed(await connection.newStream(protocol, { signal: AbortSignal.timeout(PATIENCE) }))
}

export class Framed {
  #chunks = []
  #ended = false
  #wake = () => {}

  constructor(stream) {
    this.stream = stream
    stream.addEventListener('message', ({ data }) => {
      this.#chunks.push(Buffer.from(data.subarray()))
      this.#wake()
    })
    for (const event of ['remoteCloseWrite', 'close']) {
      stream.addEventListener(event, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  async send(bytes) {
    await this.sendRaw(concat(bigEndian(bytes.length, 4), bytes))
  }

  async sendRaw(bytes) {
    if (!this.stream.send(bytes)) await this.stream.onDrain({ signal: AbortSignal.timeout(PATIENCE) })
  }

  // The next message, or null at the end of the stream.
  async read(limit) {
    const prefix = await this.#take(4)
    if (prefix === null) return null
    const size = prefix.readUInt32BE()
    need(size <= limit, 'too-large')
    const bytes = await this.#take(size)
    need(bytes !== null, 'not-cbor', 'cut short')
    return Uint8Array.from(bytes)
  }

  // So many bytes, or null where the stream ends before.
  async #take(size) {
    const held = () => this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const deadline = Date.now() + PATIENCE
    while (held() < size) {
      if (this.#ended) return null
      const woken = new Promise((resolve) => {
        this.#wake = resolve
      })
      const timer = setTimeout(this.#wake, Math.max(0, deadline - Date.now()))
      await woken
      clearTimeout(timer)
      if (Date.now() >= deadline) throw new Error('nothing came for 30 s')
    }
    const all = Buffer.concat(this.#chunks)
    this.#chunks = [all.subarray(size)]
    return all.subarray(0, size)
  }

  async close() {
    await this.stream
      .close({ signal: AbortSignal.timeout(PATIENCE) })
      .catch(() => this.stream.abort(new Error('closing')))
  }
}
