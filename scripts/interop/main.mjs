// The whole check: vectors first, then a community of real nodes. Prints a line a check; the exit
// code is 1 if one failed. `scripts/check-interop` runs it, with the folder of the vectors
// and the file that altered.py wrote.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkAltered } from './altered.mjs'
import { checkDialled } from './check_dialled.mjs'
import { checkGossip } from './check_gossip.mjs'
import { checkJoining, checkSlowStranger, checkStrangers } from './check_lobby.mjs'
import { checkPicture, checkSync, checkVote } from './check_sync.mjs'
import { Person, decide, enter, found } from './community.mjs'
import { Member } from './member.mjs'
import { peerId } from './network.mjs'
import { picture } from './picture.mjs'
import { check, close } from './report.mjs'
import { unhex } from './values.mjs'
import { check as checkVectors } from './vectors.mjs'

const VECTORS = pathToFileURL(`${process.argv[2]}/`)
const folder = await mkdtemp(join(tmpdir(), 'moothall-interop-'))
const nodes = [] // people whose node runs
const peers = [] // members of ours

async function member(seed, community, options) {
  const one = await new Member(seed, community).start(options)
  peers.push(one)
  return one
}

// A shop's export, as `moothall listing import` reads it.
const shelf = (count) =>
  [
    'Title,URL handle,Description,Price,Status,Option1 name',
    ...Array.from({ length: count }, (_, at) => `Jar ${at},jar-${at},A jar,4.50,active,`),
    '',
  ].join('\n')

async function all() {
  await check('the vectors', async () => {
    const counts = await checkVectors(VECTORS)
    return Object.entries(counts)
      .map(([part, number]) => `${part} ${number}`)
      .join(', ')
  })

  await check('altered bytes and odd signatures: both read the same', async () => {
    const { community } = JSON.parse(await readFile(new URL('protocol.json', VECTORS), 'utf8'))
    return checkAltered(process.argv[3], unhex(community))
  })

  const [ana, ben, eva] = await found(folder, ['Ana', 'Ben', 'Eva'], nodes)
  const community = unhex((await ana.do('status')).community)
  const photo = join(folder, 'bread.png')
  await writeFile(photo, picture(64))
  await ben.do(
    'listing',
    'add',
    '--title',
    'Rye bread',
    '--mode',
    'sell',
    '--price',
    '3.50',
    '--photo',
    photo,
    '--alt',
    'A loaf',
  )
  // So many at once are signed once in a batch, and too many for one segment.
  const jars = join(folder, 'jars.csv')
  await writeFile(jars, shelf(1_100))
  await ben.do('listing', 'import', jars)
  const fee = await decide([ana, ben, eva], ['--title', 'A fee of 5%', '--fee', '5%'], ['yes', 'yes', 'no'])
  const tea = await decide(
    [ana, ben, eva],
    ['--title', 'Tea or soup?', '--kind', 'advice', '--option', 'A=Tea', '--option', 'B=Soup'],
    ['A>B', 'B>A', 'B>status-quo>A'],
  )

  const slow = checkSlowStranger(eva)
  await checkStrangers(ana, community)
  const newcomer = await checkJoining(ana)

  // Cleo and Dan join by the command; their nodes never run, this peer has their keys.
  const [cleo, dan] = [new Person('Cleo', folder), new Person('Dan', folder)]
  for (const person of [cleo, dan]) await enter(ana, person)
  for (const person of [ana, ben]) {
    await person.until(async () => (await person.members()).length === 6, 'everybody is a member')
  }

  const author = await member(await cleo.deviceSeed(), community)
  const connection = await author.connect(ana.address)
  await checkSync(author, connection, ana)
  await checkVote(author, ana, fee, 'yes or no')
  await checkVote(author, ana, tea, 'a choice')

  await checkPicture(author, await author.connect(ben.address))
  await author.node.hangUp(peerId(ben.ready.peer)) // gossip is to go through Ana alone

  const joined = await member(newcomer, community)
  await check('the newcomer syncs as a member does', async () => {
    const { taken } = await joined.sync(await joined.connect(ben.address))
    return `${taken.records} records`
  })

  const listener = await member(await dan.deviceSeed(), community)
  await listener.sync(await listener.connect(ana.address))
  await checkGossip({ author, listener, near: ana, far: ben })
  await slow
  await listener.stop()

  const reached = await member(await dan.deviceSeed(), community, { listen: ['/ip4/127.0.0.1/tcp/0'] })
  await checkDialled(reached, ben, [ana, eva])
}

// However it ends, the nodes are ended first, each by its own process.
let ending = null
function finish(code) {
  ending ??= (async () => {
    for (const each of [...peers, ...nodes]) await each.stop().catch(() => {})
    await rm(folder, { recursive: true, force: true })
    process.exit(code || close())
  })()
  return ending
}
process.once('SIGINT', () => finish(130))
process.once('SIGTERM', () => finish(143))
const failed = async (error) => {
  await check('the check itself', () => {
    throw error
  })
  await finish(1)
}
process.on('uncaughtException', failed)
process.on('unhandledRejection', failed)

all().then(() => finish(0), failed)
