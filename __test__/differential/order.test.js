'use strict'

// What the message, and the program past it, write to one socket in turn, to a reader that stops:
// at the end of the transfer every byte stands where stock Node has it.
//
// A failure prints the program; SLUICE_SEED repeats it.

const test = require('ava')
const host = require('../support/host')
const { stock, subject } = require('../support/subject')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { maskDate } = require('../support/normalise')
const { randomFrom, randomBytes } = require('../support/random')
const { turn, until } = require('../support/event-loop')

const SEED = Number(process.env.SLUICE_SEED ?? 1 + Math.floor(Math.random() * 1e5))
const PROGRAMS = 10
/** More than the kernel takes while nobody reads. */
const LARGE = 5 << 20

/** As long in utf8 as in latin1, and no two places of it look alike for long. */
const TEXT = Buffer.from(randomBytes(randomFrom(1), LARGE + 1000).map((byte) => 32 + (byte >> 1) % 90))

const pick = (random, list) => list[Math.floor(random() * list.length)]

/**
 * Hosts that join the chunks of a corked message, or of a tick, let `socket.write` overtake them and
 * make other chunks: with them, no chunked message is corked or written to twice in a tick.
 */
function stepsFor (framing) {
  const steps = ['write', 'write', 'write', 'write', 'socketWrite', 'socketWrite', 'socketCork', 'socketUncork', 'turn', 'drain']
  return framing === 'chunked' && host.joinsCorkedChunks ? steps : [...steps, 'cork', 'uncork', 'cork', 'uncork']
}

/** @returns {{ op: string, bytes?: Buffer, kind?: string }[]} */
function makeProgram (random, framing) {
  const kinds = stepsFor(framing)
  const steps = []
  const count = 3 + Math.floor(random() * 12)
  const large = Math.floor(random() * count)
  for (let n = 0; n < count; n++) {
    const op = n === large ? pick(random, ['write', 'write', 'socketWrite']) : pick(random, kinds)
    const size = n === large ? LARGE : Math.floor(random() * pick(random, [10, 300, 9000, 70_000]))
    const from = Math.floor(random() * 1000)
    const bytes = TEXT.subarray(from, from + size)
    steps.push(op.endsWith('rite') ? { op, bytes, kind: n === large ? 'Buffer' : pick(random, ['Buffer', 'utf8', 'latin1']) } : { op })
    if (op === 'write' && framing === 'chunked' && host.joinsTick) steps.push({ op: 'turn' })
  }
  steps.push({ op: 'end', bytes: Buffer.from(pick(random, ['', 'the end', 'x'.repeat(20_000)])), kind: pick(random, ['Buffer', 'utf8']) })
  return steps
}

const text = ({ op, bytes, kind }) => bytes ? `${op}(${bytes.length} ${kind})` : op
const chunkOf = ({ bytes, kind }) => kind === 'Buffer' ? [bytes] : [bytes.toString('latin1'), kind]

function perform (res, socket, step) {
  switch (step.op) {
    case 'write': res.write(...chunkOf(step)); break
    case 'socketWrite': socket.write(...chunkOf(step)); break
    case 'cork': res.cork(); break
    case 'uncork': res.uncork(); break
    case 'socketCork': socket.cork(); break
    case 'socketUncork': socket.uncork(); break
    case 'end': res.end(...chunkOf(step)); break
  }
}

/**
 * Each program answers one request of a connection, whose client reads again when all is said.
 * @returns {Promise<Buffer>} what the client got
 */
async function transfer (implementation, { transport, framing, programs, endsSocket }) {
  const answered = []
  let client

  async function answer (res, socket) {
    const closed = new Promise((resolve) => res.once('close', resolve))
    const program = programs[answered.length]
    if (framing === 'length') {
      const own = program.filter(({ op }) => op === 'write' || op === 'end')
      res.setHeader('Content-Length', own.reduce((sum, { bytes }) => sum + bytes.length, 0))
    } else if (framing === 'until close') {
      res.useChunkedEncodingByDefault = false
      res.shouldKeepAlive = false
    }
    for (const step of program) {
      if (step.op === 'turn') await turn()
      else if (step.op === 'drain') {
        client.resume()
        await turn()
        client.pause()
      } else perform(res, socket, step)
    }
    while (socket.writableCorked > 0) socket.uncork()
    if (endsSocket) socket.end('behind it all')
    client.resume()
    answered.push(closed)
  }

  const { address, close } = await startServer(implementation, {
    transport, options: { backpressure: 'kernel' }, listener: (req, res) => answer(res, req.socket)
  })
  try {
    client = await RawClient.connect(address)
    for (let n = 0; n < programs.length && !client.ended; n++) {
      client.pause()
      client.send(`GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await until(() => answered.length === n + 1)
      await answered[n]
      await turn()
    }
    if (framing !== 'until close' && !endsSocket) client.halfClose()
    await client.closed
    return client.bytes
  } finally {
    await close()
  }
}

/** Where two transfers part. */
function difference (actual, expected) {
  if (actual.equals(expected)) return null
  let at = 0
  while (at < actual.length && actual[at] === expected[at]) at++
  const around = (bytes) => maskDate(bytes.toString('latin1', Math.max(0, at - 60), at + 60))
  return { at, lengths: [actual.length, expected.length], actual: around(actual), expected: around(expected) }
}

/** The time of day stands in the first bytes. */
const withoutDate = (bytes) => Buffer.from(bytes.toString('latin1').replace(/^Date: .*$/gm, 'Date: <date>'), 'latin1')

for (const transport of ['tcp', 'tls']) {
  for (const framing of ['chunked', 'length', 'until close']) {
    const count = transport === 'tcp' ? PROGRAMS : 3
    test.serial(`${count} random programs, ${framing} (${transport})`, async (t) => {
      t.timeout(120_000)
      for (let seed = SEED; seed < SEED + count; seed++) {
        const random = randomFrom(seed)
        const programs = [makeProgram(random, framing)]
        if (framing !== 'until close') programs.push(makeProgram(random, framing))
        const scenario = { transport, framing, programs, endsSocket: random() < 0.2 }
        const expected = withoutDate(await transfer(stock, scenario))
        const actual = withoutDate(await transfer(subject, scenario))
        const shown = programs.map((steps) => steps.map(text).join(', '))
        t.is(difference(actual, expected), null, `SLUICE_SEED=${seed}: ${shown.join(' | ')}; endsSocket: ${scenario.endsSocket}`)
      }
    })
  }
}
