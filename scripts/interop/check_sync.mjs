// As a member: everything is fetched by sync, and every byte of it checked here again.
import * as dagCbor from '@ipld/dag-cbor'
import { recount } from './counting.mjs'
import { isAuthentic, readEntry } from './records.mjs'
import { members } from './roll.mjs'
import { quorumOf } from './certificates.mjs'
import { BLOB, PROTOCOLS, open } from './network.mjs'
import { check, expect, until } from './report.mjs'
import { ZEROS, decode, encode, hex, same, sha256 } from './values.mjs'

const MAX_PICTURE = 409_664

export async function checkSync(member, connection, person) {
  const { holdings } = member
  await check('a member is offered what a stranger is not', async () => {
    const { protocols } = await until(async () => {
      const known = await member.node.peerStore.get(connection.remotePeer)
      return known.protocols.length > 0 && known
    }, 'identify answered')
    const missing = PROTOCOLS.filter((each) => !protocols.includes(each))
    expect(missing.length === 0, `not offered: ${missing}`)
    return `identify, ping in ${await member.node.services.ping.ping(connection.remotePeer)} ms, ${protocols.length} protocols`
  })

  await check('sync: HELLO, certificates, side set, frontier, WANT and segments', async () => {
    const { taken, ending } = await member.sync(connection)
    const { records } = await person.do('status')
    expect(ending === 'done', `it ended with ${ending || 'nothing'}`)
    // Some may have come before, in a conversation that the node opened by itself.
    const here = [...holdings.logs.values()].reduce((sum, log) => sum + log.length, 0)
    expect(here === records, `${here} of ${records} records came`)
    return `${records} records, ${taken.records} of them in this conversation`
  })

  await check('both digests are reckoned alike: the next conversation ends after two HELLOs', async () => {
    expect((await member.sync(connection)).wasEqual, 'there was something to say')
  })

  await check(
    'headers: @ipld/dag-cbor gives the same bytes back, sha256 the ids, chains without a gap',
    () => {
      for (const log of holdings.logs.values()) {
        for (const [at, record] of log.entries()) {
          expect(same(dagCbor.encode(dagCbor.decode(record.header)), record.header), 'a header')
          expect(same(sha256(record.header), record.id) && record.seq === at + 1, 'an id or a seq')
          const founds = same(record.id, holdings.community)
          const before = at > 0 ? log[at - 1].id : founds ? ZEROS : holdings.community
          expect(same(record.prev, before), 'a prev')
        }
      }
      return `${member.records().length} headers in ${holdings.logs.size} logs`
    },
  )

  await check('bodies fit their hashes, and signatures their devices', () => {
    const records = member.records()
    for (const { travel } of records) readEntry(travel)
    const signed = records.filter(({ signature }) => signature !== null)
    expect(
      signed.every((record) => isAuthentic(record, holdings.community)),
      'a signature',
    )
    expect(
      records.filter(({ lane }) => lane === 0).every(({ signature }) => signature !== null),
      'gov unsigned',
    )
    expect(signed.length < records.length, 'no batch with one signature was among them')
    return `${signed.length} signatures vouch for ${records.length} records`
  })

  await check(
    'certificates: a chain from the founding record, each signed by a quorum, roll and charter as named',
    async () => {
      const { height, certificate } = await person.do('status')
      const { state } = holdings
      expect(
        state.height === height && hex(state.id) === certificate,
        `height ${state.height}, not ${height}`,
      )
      const { members: listed } = await person.do('member', 'list')
      const on = listed.filter(({ status }) => status === 'member').map((one) => one.person)
      expect(same(encode(members(state.roll).sort()), encode(on.sort())), 'other members')
      return `${state.history.length} certificates, ${on.length} members, quorum ${quorumOf(state.tellers.length)} of ${state.tellers.length}`
    },
  )
}

// A picture of a listing comes by its hash, and nothing under a hash that nobody named.
export async function checkPicture(member, connection) {
  await check('a picture of a listing comes by its hash', async () => {
    const listing = member
      .records()
      .filter(({ kind, body }) => kind === 'listing' && body !== null)
      .map(({ body }) => decode(body))
      .find((body) => body.get('photos')?.length > 0)
    const small = listing.get('photos')[0].get('small')
    const framed = await open(connection, BLOB)
    await framed.send(encode(['want', [small.get('hash'), ZEROS]]))
    const [[word, bytes], [absent]] = [
      decode(await framed.read(MAX_PICTURE)),
      decode(await framed.read(MAX_PICTURE)),
    ]
    expect(word === 'blob' && absent === 'absent', `it said ${word}, ${absent}`)
    expect(same(sha256(bytes), small.get('hash')) && bytes.length === small.get('size'), 'other bytes')
    expect((await framed.read(MAX_PICTURE)) === null, 'the stream goes on')
    return `${bytes.length} bytes`
  })
}

// A vote, counted from its ballots, receipts and stop, against what `moothall count` says.
export async function checkVote(member, person, proposal, what) {
  await check(`a vote is counted again: ${what}`, async () => {
    const { state } = member.holdings
    const vote = state.votes.get(proposal)
    const round = vote.rounds.at(-1)
    const came = recount(vote, round, {
      community: member.community,
      roll: state.roll,
      records: member.holdings.governing(),
      enrolments: member.holdings.enrolments(),
    })
    const told = await person.do('count', proposal)
    expect(came.status === 'equal' && told.status === 'equal', `here ${came.status}, there ${told.status}`)
    expect(
      came.outcome === told.outcome && came.ballots === told.here,
      `here ${came.outcome}, there ${told.outcome}`,
    )
    expect(same(encode(came.winners), encode(told.winners)), 'other winners')
    return `${vote.rule.get('method')}, ${came.ballots} ballots, ${came.outcome}${came.winners.length ? `: ${came.winners}` : ''}`
  })
}
