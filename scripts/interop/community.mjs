// People with homes and nodes: real `moothall` processes, by the command line alone.
import { execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { publicKey } from './keys.mjs'
import { hex, unhex } from './values.mjs'

const MOOTHALL = process.env.MOOTHALL ?? 'moothall'
const PATIENCE = 90_000 // ms; ends a check that would hang
const LOOPBACK = ['--listen', '/ip4/127.0.0.1/tcp/0', '--desk', '127.0.0.1:0', '--shop', 'none']
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('MOOTHALL')),
)
const run = promisify(execFile)

export class Person {
  #node = null
  #wake = () => {}

  constructor(name, folder) {
    this.name = name
    this.home = join(folder, name.toLowerCase())
    this.log = join(folder, `${name.toLowerCase()}.log`)
    this.ready = null // the first line of its node
    this.events = [] // what its node told since, each with the time of its coming
  }

  #arguments(words) {
    return ['--home', this.home, '--json', ...words]
  }

  async do(...words) {
    try {
      const { stdout } = await run(MOOTHALL, this.#arguments(words), { env: ENVIRONMENT, timeout: PATIENCE })
      return JSON.parse(stdout)
    } catch (error) {
      throw new Error(`${this.name}: moothall ${words.join(' ')}: ${error.stderr || error.message}`)
    }
  }

  async start(...options) {
    const node = spawn(MOOTHALL, this.#arguments(['run', ...LOOPBACK, ...options]), {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    node.stderr.pipe(createWriteStream(this.log, { flags: 'a' }))
    this.#node = node
    const lines = createInterface({ input: node.stdout })
    const first = new Promise((resolve, reject) => {
      lines.once('line', (line) => resolve(JSON.parse(line)))
      node.once('exit', () => reject(new Error(`${this.name}'s node ended; its log is ${this.log}`)))
    })
    lines.on('line', (line) => {
      const { event, ...rest } = JSON.parse(line)
      if (event) this.events.push({ event, at: Date.now(), ...rest })
      this.#wake()
    })
    this.ready = await first
    return this
  }

  // The first address of this node, with its peer id.
  get address() {
    const [address] = this.ready.addresses
    return address.includes('/p2p/') ? address : `${address}/p2p/${this.ready.peer}`
  }

  // What `condition` gives once that is true; looked at anew when the node tells something, and
  // every second, since a fault or a peer that went makes no line.
  async until(condition, what) {
    const deadline = Date.now() + PATIENCE
    for (;;) {
      const found = await condition()
      if (found) return found
      if (Date.now() > deadline) throw new Error(`${this.name} never saw that ${what}`)
      const told = new Promise((resolve) => {
        this.#wake = resolve
      })
      const timer = setTimeout(this.#wake, 1_000)
      await told
      clearTimeout(timer)
    }
  }

  async stop() {
    const node = this.#node
    if (node === null) return
    this.#node = null
    if (node.exitCode !== null || node.signalCode !== null) return
    const ended = new Promise((resolve) => {
      node.once('exit', resolve)
    })
    node.kill('SIGINT')
    const late = setTimeout(() => node.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }

  async members() {
    const { members } = await this.do('member', 'list')
    return members.filter(({ status }) => status === 'member').map(({ name }) => name)
  }

  async has(title) {
    const { listings } = await this.do('search', title)
    return listings.some((one) => one.title === title)
  }

  async status(proposal) {
    const { proposals } = await this.do('proposal', 'list')
    return proposals.find((one) => one.proposal === proposal)?.status
  }

  // The device's seed, from the key file of a home without a passphrase: the file names the device,
  // and holds the seeds of person and device one after the other.
  async deviceSeed() {
    const { secret, device } = JSON.parse(await readFile(join(this.home, 'keys.json'), 'utf8'))
    const bytes = unhex(secret)
    for (let at = 0; at + 32 <= bytes.length; at += 32) {
      const seed = bytes.subarray(at, at + 32)
      if (hex(publicKey(seed)) === device) return seed
    }
    throw new Error(`${this.name}'s key file holds no seed of their device`)
  }
}

// A charter whose votes end when nothing can change any more, and not while a busy machine takes its
// time over the next ballot.
function unhurried(charter) {
  for (const rule of Object.values(charter.rules)) rule.open_s = 3_600
  return charter
}

// A community of these people, the first of them its founder; everybody's node runs. They are put
// into `nodes` at once, so that whoever started is stopped even if this fails.
export async function found(folder, names, nodes) {
  const people = names.map((name) => new Person(name, folder))
  nodes.push(...people)
  const [founder, ...others] = people
  const charter = join(folder, 'charter.json')
  await writeFile(
    charter,
    JSON.stringify(unhurried(await founder.do('charter', 'template', 'kitchen-table'))),
  )
  await founder.do('found', 'Riverside', '--person', founder.name, '--no-passphrase', '--charter', charter)
  await founder.start()
  for (const other of others) {
    await enter(founder, other)
    await other.start()
  }
  for (const person of people) {
    await person.until(async () => (await person.members()).length === people.length, 'everybody is a member')
  }
  return people
}

export async function enter(inviter, person) {
  const { link } = await inviter.do('invite')
  await person.do('join', link, '--person', person.name, '--no-passphrase')
}

// A vote from proposal to effect, by everybody. The proposal's id.
export async function decide(people, words, choices) {
  const [author] = people
  const { proposal } = await author.do('proposal', 'new', ...words)
  for (const [at, person] of people.entries()) {
    await person.until(
      async () => ![undefined, 'draft'].includes(await person.status(proposal)),
      'the vote is open',
    )
    await person.do('vote', proposal, choices[at]).catch(async (error) => {
      if ((await person.status(proposal)) === 'open') throw error // else it was decided already
    })
  }
  for (const person of people) {
    await person.until(
      async () => (await person.status(proposal)) === 'in_effect',
      `${words[1]} is in effect`,
    )
  }
  return proposal
}
