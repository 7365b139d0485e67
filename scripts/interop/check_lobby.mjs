// A stranger gets the lobby and nothing else; a newcomer with a link gets in by it.
import { readLink, prepare, question } from './joining.mjs'
import { newSeed } from './keys.mjs'
import { BLOB, CARDS, GOSSIP, JOIN, SYNC, dial, open, startPeer } from './network.mjs'
import { check, expect, until } from './report.mjs'
import { bigEndian, decode, encode } from './values.mjs'

const MAX_ANSWER = 1_024
const OTHERS = [SYNC, CARDS, BLOB, GOSSIP, '/ipfs/id/1.0.0', '/ipfs/ping/1.0.0']

async function ask(connection, asked) {
  const framed = await open(connection, JOIN)
  await framed.send(encode(asked))
  const answer = await framed.read(MAX_ANSWER)
  await framed.close()
  return answer === null ? null : decode(answer)
}

// Refused when the protocol is negotiated; whatever else goes wrong is another matter.
async function isRefused(connection, protocol) {
  try {
    const { stream } = await open(connection, protocol)
    stream.abort(new Error('it should not have opened'))
    return false
  } catch (error) {
    if (error.name === 'UnsupportedProtocolError') return true
    throw error
  }
}

// The stream ends without an answer.
async function staysUnanswered(framed) {
  const answer = await framed.read(MAX_ANSWER)
  expect(answer === null, `it was answered: ${answer && decode(answer)}`)
  await framed.close()
}

export async function checkStrangers(person, community) {
  const keys = prepare({ community, invite: newSeed(), secret: newSeed() }, Date.now())
  const node = await startPeer(keys.seed)
  try {
    const connection = await dial(node, person.address)
    await check(
      'a stranger connects by TCP, Noise and Yamux',
      () => `${connection.encryption}, ${connection.multiplexer}`,
    )

    await check('sync, gossip, cards, pictures, identify and ping are refused to a stranger', async () => {
      const open_ = []
      for (const protocol of OTHERS) if (!(await isRefused(connection, protocol))) open_.push(protocol)
      expect(open_.length === 0, `open to a stranger: ${open_}`)
      return `${OTHERS.length} protocols`
    })

    await check('the lobby answers a stranger whose invitation nobody made', async () => {
      const answer = await ask(connection, question(community, keys.records))
      expect(answer?.[0] === 'refused' && answer[1] === 'unknown', `it said ${answer}`)
      return answer[1]
    })

    await check('the lobby sends away who means another community', async () => {
      const other = newSeed()
      const stray = prepare({ community: other, invite: newSeed(), secret: newSeed() }, Date.now())
      const peer = await startPeer(stray.seed)
      try {
        const answer = await ask(await dial(peer, person.address), question(other, stray.records))
        expect(answer?.[0] === 'refused' && answer[1] === 'foreign', `it said ${answer}`)
        return answer[1]
      } finally {
        await peer.stop()
      }
    })

    await check('a malformed question gets no answer', async () => {
      expect((await ask(connection, ['join', community, []])) === null, 'it was answered')
    })

    await check("another's records get no answer", async () => {
      const another = prepare({ community, invite: newSeed(), secret: newSeed() }, Date.now())
      expect((await ask(connection, question(community, another.records))) === null, 'it was answered')
    })

    await check('a question that announces more than 16,384 bytes gets no answer', async () => {
      const framed = await open(connection, JOIN)
      await framed.sendRaw(bigEndian(16_385, 4))
      await staysUnanswered(framed)
    })

    await check('three streams of strangers at a time from one address, and no fourth', async () => {
      const held = []
      for (let number = 0; number < 3; number += 1) held.push(await open(connection, JOIN))
      const extra = await ask(connection, question(community, keys.records)).catch(() => null)
      expect(extra === null, 'a fourth was answered')
      for (const framed of held) await framed.close()
      const answer = await until(
        () => ask(connection, question(community, keys.records)).catch(() => null),
        'a place is free again',
      )
      return `then ${answer[1]}`
    })
  } finally {
    await node.stop()
  }
}

// Runs beside the others: it only waits.
export async function checkSlowStranger(person) {
  const node = await startPeer(newSeed())
  try {
    const connection = await dial(node, person.address)
    await check('a stranger who says nothing is cut off after 10 seconds', async () => {
      const begun = Date.now()
      const framed = await open(connection, JOIN)
      await framed.sendRaw(bigEndian(100, 4))
      await staysUnanswered(framed)
      const seconds = (Date.now() - begun) / 1_000
      expect(seconds > 8 && seconds < 20, `after ${seconds} s`)
      return `${seconds.toFixed(1)} s`
    })
  } finally {
    await node.stop()
  }
}

// Joins by a link as a newcomer. The seed of the new device.
export async function checkJoining(person) {
  const { link } = await person.do('invite')
  const invitation = readLink(link)
  const keys = prepare(invitation, Date.now())
  const node = await startPeer(keys.seed)
  try {
    const connection = await dial(node, person.address)
    await check('a link is read, and its inviter is who the link says', () => {
      expect(invitation.peers.length > 0, 'no peers in the link')
      const [address] = invitation.peers[0][1]
      expect(person.address.startsWith(address), `${address} is not ${person.address}`)
      return `${invitation.peers.length} peers, height ${invitation.height}`
    })
    await check('a newcomer with a link is welcome, and a member then', async () => {
      expect(await isRefused(connection, SYNC), 'sync was open before')
      const answer = await ask(connection, question(invitation.community, keys.records))
      expect(answer?.[0] === 'welcome', `it said ${answer}`)
      const { members } = await person.until(async () => {
        const found = await person.do('member', 'list')
        return (
          found.members.some(
            (one) => one.person === Buffer.from(keys.person).toString('hex') && one.status === 'member',
          ) && found
        )
      }, 'the newcomer is a member')
      return `${members.length} members`
    })
  } finally {
    await node.stop()
  }
  return keys.seed
}
