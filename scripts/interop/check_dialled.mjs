// The other way round: a Moothall node dials this peer, and fetches from it.
import { peerOf } from './network.mjs'
import { listing } from './member.mjs'
import { check, expect, until } from './report.mjs'

export async function checkDialled(member, person, others) {
  let dialled = null
  const watch = ({ detail: connection }) => {
    if (connection.direction === 'inbound') dialled ??= connection
  }
  member.node.addEventListener('connection:open', watch)

  await check('cards: both sides exchange signed addresses', async () => {
    const connection = await member.connect(person.address)
    const cards = await member.tradeCards(connection)
    expect(
      cards.some(({ device }) => peerOf(device) === person.ready.peer),
      'its own card did not come',
    )
    await member.sync(connection)
    return `${cards.length} cards`
  })

  const record = member.compose('market', 'listing', listing('Chestnuts'))
  member.hold(record)
  await check('a Moothall node dials this peer', async () => {
    await member.node.hangUp(member.node.getConnections()[0].remotePeer)
    await until(() => dialled, 'somebody dialled', 120_000)
    member.problems.length = 0 // of conversations that were cut short by hanging up
    return `${dialled.encryption}, ${dialled.multiplexer}`
  })

  await check('and fetches by sync what only this peer has', async () => {
    const theirs = dialled.remotePeer.toString()
    // Who has the lower peer id opens the conversation.
    const opened = member.peer < theirs ? await member.sync(dialled) : null
    for (const each of [person, ...others]) {
      await each.until(() => each.has('Chestnuts'), 'the listing came')
    }
    const conversations = [...(opened ? [opened] : []), ...member.served]
    const asked = [...new Set(conversations.flatMap((each) => each.asked))]
    expect(asked.includes('Want'), `it asked ${asked}`)
    expect(member.problems.length === 0, member.problems.join('; '))
    return `${opened ? 'opened here' : 'opened there'}; it asked ${asked.join(', ')}`
  })
}
