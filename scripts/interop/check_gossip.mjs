// Gossip both ways; what is false goes no further than the first node.
import { LANES, readEntry, readSegment } from './records.mjs'
import { GOSSIP, peerOf } from './network.mjs'
import { listing } from './member.mjs'
import { check, expect, until } from './report.mjs'
import { decode, hex, same } from './values.mjs'

const inTouch = async (person, peer) => {
  const { neighbours } = await person.do('status')
  return neighbours.some((one) => one.peer === peer)
}

// `near` is the node that both JavaScript members are connected with, `far` one behind it.
export async function checkGossip({ author, listener, near, far }) {
  const hears = (data) =>
    until(() => listener.heard.some((one) => same(one, data)), 'the other peer heard it')
  const mesh = (member) =>
    until(
      () =>
        member.node.services.pubsub
          .getSubscribers(member.topic)
          .some((one) => one.toString() === near.ready.peer),
      'the node subscribed',
    )

  await check('gossip: both sides subscribe, over /meshsub/1.1.0', async () => {
    await mesh(author)
    await mesh(listener)
    const used = author.node
      .getConnections()
      .flatMap(({ streams }) => streams.map(({ protocol }) => protocol))
    expect(used.includes(GOSSIP), `only ${used}`)
  })

  await check('gossip: a record that Moothall publishes arrives here, signed and whole', async () => {
    await near.do('listing', 'add', '--title', 'Plum jam', '--mode', 'sell', '--price', '4.50')
    const data = await until(
      () => listener.heard.find((one) => Buffer.from(one).includes('Plum jam')),
      'it came',
    )
    const [number, logs] = decode(data)
    expect(number === 0, `number ${number}`)
    const [[device, lane, entries]] = logs
    const [record] = readSegment(entries, listener.community, device, lane).slice(-1)
    expect(peerOf(record.device) === near.ready.peer && lane === LANES.market, 'another author')
    await until(() => author.heard.some((one) => same(one, data)), 'the other member heard it')
    return `${data.length} bytes`
  })

  let sent = null
  await check('gossip: a record from here arrives two hops away', async () => {
    expect(!(await inTouch(far, author.peer)), 'the far node is a neighbour')
    const record = author.compose('market', 'listing', listing('Quince cheese'))
    author.hold(record)
    sent = author.gossipOf(record)
    const begun = Date.now()
    await author.publish(sent)
    await far.until(() => far.has('Quince cheese'), 'the listing came')
    const { listing: seen } = await far.do('listing', 'show', hex(record.id))
    expect(seen.title === 'Quince cheese' && seen.status === 'open', 'another listing')
    const told = far.events.find(({ event, at }) => event === 'record' && at >= begun)
    return `${told.at - begun} ms`
  })

  await check('gossip: it is passed on to another peer as it came', async () => {
    await hears(sent)
  })

  await check(
    'gossip: a record with a false signature is not passed on, and status names who sent it',
    async () => {
      const [header, signature, salt, body] = author.compose(
        'market',
        'listing',
        listing('Stolen pears'),
      ).travel
      const forged = Uint8Array.from(signature)
      forged[40] ^= 1
      const bad = author.gossipOf(readEntry([header, forged, salt, body]))
      await author.publish(bad)
      const { reason } = await near.until(
        async () => (await near.do('status')).faults.find(({ who }) => who === author.peer),
        'there is a fault',
      )
      // What is published after it comes, so the bad one would have come before.
      await near.do('listing', 'add', '--title', 'Rose hips', '--mode', 'give')
      await until(
        () => listener.heard.some((one) => Buffer.from(one).includes('Rose hips')),
        'the next one came',
      )
      expect(!listener.heard.some((one) => same(one, bad)), 'it was passed on')
      await far.until(() => far.has('Rose hips'), 'the next one came')
      for (const person of [near, far]) expect(!(await person.has('Stolen pears')), `${person.name} shows it`)
      expect(
        !(await far.do('status')).faults.some(({ who }) => who === near.ready.peer),
        'the node is blamed',
      )
      return `fault ${reason}`
    },
  )
}
