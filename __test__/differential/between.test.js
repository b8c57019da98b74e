'use strict'

// What happens between two small chunks of one tick: neither is with the kernel yet, and the second must
// meet what the program did after the first.

const http = require('node:http')
const test = require('ava')
const { Writable } = require('node:stream')
const host = require('../support/host')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request } = require('../support/requests')
const { startServer } = require('../support/servers')
const { RawClient } = require('../support/raw-client')
const { subject, selfCheck } = require('../support/subject')

const differential = differentialFor(test)

/** Turns behind which a chunk leaves at once (`STEADY_FIRST`, src/transport/pace.rs). */
const STEADY = 9

/**
 * A streaming response, and then two small chunks with something between, the second a Buffer or text.
 * @param {number} [before] turns with one chunk each: behind some, a chunk leaves at once
 * @param {(exchange: object, answer: boolean) => void} [then] is given what the second write answers
 */
function between (act, behind = Buffer.from('behind '), before = 1, then = () => {}) {
  return async (exchange) => {
    const { m, turns } = exchange
    for (let n = 0; n < before; n++) {
      m.write('first ')
      await turns(3)
    }
    m.write(Buffer.from('before '))
    await act(exchange)
    then(exchange, m.write(behind))
    exchange.snapshot('behind')
    await turns(3)
    if (!exchange.res.destroyed && exchange.res.socket) m.end()
  }
}

const ACTS = {
  'the message is corked, for a turn': async ({ m, turns }) => {
    m.cork()
    await turns(2)
    m.uncork()
  },
  'the message says that it has no body': ({ res }) => { res._hasBody = false },
  'it is corked, and written to by way of the host': ({ m, res }) => {
    m.cork()
    http.OutgoingMessage.prototype.write.call(res, 'held')
    process.nextTick(() => { m.uncork() })
  },
  'trailers are added': ({ m }) => { m.addTrailers({ 'X-T': '1' }) }
}
/**
 * Node 26 holds a tick's chunks back to join them: what is written by way of the socket overtakes them, its
 * end loses them, and a message that has lost its socket or its chunks fails an assertion.
 */
const UNJOINED_ACTS = {
  'its socket is ended': ({ socket }) => { socket.end() },
  'the socket is written to': ({ socket }) => { socket.write('<raw>') },
  'an event is written by way of the socket, corked': ({ socket }) => {
    socket.cork()
    socket.write('<raw>')
    socket.uncork()
  },
  'socket.write is replaced': ({ socket, note }) => {
    const { write } = socket
    socket.write = function (...values) {
      note('socket.write')
      return write.apply(this, values)
    }
  },
  'chunks end': ({ res }) => { res.chunkedEncoding = false },
  'it says that it is destroyed, for a write': ({ res }) => {
    res.destroyed = true
    process.nextTick(() => { res.destroyed = false })
  },
  'it is no longer what its socket sends, for a write': ({ socket, res }) => {
    socket._httpMessage = null
    process.nextTick(() => { socket._httpMessage = res })
  },
  'it is no longer what its socket sends, for one more write': ({ m, socket, res }) => {
    socket._httpMessage = null
    m.write(Buffer.from('queued '))
    socket._httpMessage = res
  },
  'it has no socket, for a write': ({ socket, res }) => {
    res.socket = null
    process.nextTick(() => { res.socket = socket })
  },
  'its head is to be sent again': ({ res }) => { res._headerSent = false }
}
const JOINED = { unless: host.joinsTick }
for (const [acts, options] of [[ACTS], [UNJOINED_ACTS, JOINED]]) {
  for (const [title, act] of Object.entries(acts)) {
    differential(`between two chunks ${title}`, { script: between(act), ...options })
    differential(`between a chunk and text ${title}`, { script: between(act, 'behind '), ...options })
    differential(`between an event and another ${title}`, { script: between(act, undefined, STEADY), ...options })
  }
}

/** Stock Node says false, unless it has held the chunk back. */
const noteAnswer = ({ note }, answer) => { if (!host.joinsTick) note('behind', [answer]) }
for (const [title, act] of Object.entries({
  'its socket is destroyed': ({ socket }) => { socket.destroy() },
  'it is destroyed': ({ m }) => { m.destroy() },
  'it ends': ({ m }) => { m.end() }
})) {
  differential(`between two chunks ${title}`, { script: between(act, undefined, undefined, noteAnswer), wire: 'any' })
  differential(`between a chunk and text ${title}`, { script: between(act, 'behind ', undefined, noteAnswer), wire: 'any' })
  differential(`between an event and another ${title}`, { script: between(act, undefined, STEADY, noteAnswer), wire: 'any' })
}

differential('between two chunks the message is detached from its socket', {
  ...JOINED,
  async script ({ m, res, socket, turns, note }) {
    m.write('first ')
    await turns(3)
    m.write(Buffer.from('before '))
    res.detachSocket(socket)
    m.write(Buffer.from('behind '))
    note('kept', [res.outputData.map(({ data }) => data.toString()).join('|')])
    await turns(3)
    socket.end()
  }
})

// Node corks the socket again; past its Writable there is nothing to cork.
differential('between two chunks its socket is uncorked', {
  ...JOINED,
  variants: VARIANTS.filter(({ transport }) => transport === 'tls'),
  async script ({ m, socket, turns, note }) {
    for (const chunk of [Buffer.from('before '), 'and ', Buffer.from('behind ')]) {
      m.write(chunk)
      note('corked', [socket.writableCorked])
      socket.uncork()
    }
    await turns(3)
    m.end()
  }
})

differential('between two chunks a strict length comes into force', {
  async script ({ m, res, turns, call }) {
    m.writeHead(200, { 'Content-Length': '8' })
    m.write('1234')
    await turns(3)
    m.write(Buffer.from('56'))
    res.strictContentLength = true
    call('too much', () => res.write(Buffer.from('789012345')))
    await turns(3)
    res.destroy()
  },
  wire: 'any'
})

for (const [title, chunk] of Object.entries({ 'a string': 'behind', 'a Buffer': Buffer.from('behind') })) {
  differential(`${title} written under cork leaves with the uncork, and nothing else is needed`, {
    request: request('GET', '/', { close: false }),
    async client (client, { request, exchanges, until, turns }) {
      client.send(request)
      await until(() => exchanges[0]?.corked)
      await turns(3)
      exchanges[0].res.uncork()
      await client.until(({ text }) => text.includes('behind'))
      exchanges[0].res.end()
      await client.until(({ text }) => text.endsWith('0\r\n\r\n'))
      client.halfClose()
      await client.closed
    },
    async script (exchange) {
      const { m, turns } = exchange
      m.write(Buffer.from('first '))
      await turns(3)
      m.write(chunk)
      exchange.res.cork()
      exchange.corked = true
    }
  })
}

differential('two responses in one tick: each counts its own bytes', {
  ...JOINED,
  request: request('GET', '/0', { close: false }),
  async client (client, { server, address, exchanges, request, until }) {
    const other = await RawClient.connect(address)
    client.send(request)
    other.send(request)
    await until(() => exchanges.length === 2)
    const [one, two] = exchanges
    for (const { m } of exchanges) m.write('first ')
    await one.turns(3)
    const count = (label) => {
      for (const { note, socket } of exchanges) note(label, [socket.bytesWritten])
    }
    one.m.write(Buffer.from('of one '))
    count('one')
    two.m.write(Buffer.from('of the other '))
    count('both')
    one.m.write(Buffer.from('of one again '))
    one.m.end()
    two.m.end()
    count('ended')
    await client.until(({ text }) => text.endsWith('0\r\n\r\n'))
    await other.until(({ text }) => text.endsWith('0\r\n\r\n'))
    for (const each of [client, other]) each.halfClose()
    await Promise.all([client.closed, other.closed])
  },
  methods: ['GET'],
  script () {}
})

/** Of sluice's alone: Node's answer is a bug. @returns what a client received, and what the script returned */
async function served (script) {
  let result
  const listener = (req, res) => { result = script(res) }
  const { address, close } = await startServer(subject, { listener })
  const client = await RawClient.connect(address)
  client.send(request())
  await client.closed
  await close()
  return { text: client.text, result: await result }
}

function endsInWriteHead (res) {
  const { writeHead } = res
  res.writeHead = function (...values) {
    res.writeHead = writeHead
    writeHead.apply(this, values)
    this.end('inner')
    return this
  }
}

const ofOurs = selfCheck ? test.serial.skip : test.serial

// Node sends what follows behind the end of the message, or fails an assertion of its own.
for (const name of ['write', 'end']) {
  ofOurs(`a writeHead that ends the message, called by ${name}: its bytes are complete`, async (t) => {
    const { text, result } = await served((res) => {
      endsInWriteHead(res)
      // A small whole one would be Node's.
      return new Promise((resolve) => res[name]('outer'.repeat(1000), resolve))
    })
    t.true(text.endsWith('\r\n\r\ninner') || text.endsWith('\r\n5\r\ninner\r\n0\r\n\r\n'), text)
    t.is(result.code, 'ERR_STREAM_WRITE_AFTER_END')
  })
}

// Node sends them.
for (const expectation of [false, true]) {
  ofOurs(`CR and LF in a field's array, changed after it was set${expectation ? ', with an expectation' : ''}`, async (t) => {
    const { text, result } = await served((res) => {
      const values = ['x']
      if (expectation) res.setHeader('Expect', '100-continue')
      res.setHeader('X-A', values)
      values[0] = 'a\r\nEvil: 1'
      const error = t.throws(() => res.write('body'))
      res.removeHeader('X-A')
      res.end('fine')
      return error
    })
    t.is(result.code, 'ERR_INVALID_CHAR')
    t.false(text.includes('Evil'))
    t.true(text.endsWith('fine') || text.includes('fine\r\n0'), text)
  })
}

/** A stream that takes its time. */
class Slow extends Writable {
  taken = ''
  constructor () { super({ highWaterMark: 4 }) }
  _write (chunk, encoding, callback) {
    this.taken += chunk
    setImmediate(callback)
  }
}

ofOurs('a response written before it is assigned to any Writable: all of it, and drain', async (t) => {
  const { ServerResponse } = require('../..')
  const res = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} })
  const drained = new Promise((resolve) => res.once('drain', resolve))
  t.false(res.write('before'))
  const slow = new Slow()
  res.assignSocket(slow)
  await drained
  t.is(res.writableLength, 0)
  const finished = new Promise((resolve) => res.once('finish', resolve))
  res.end('behind')
  await finished
  t.regex(slow.taken, /\r\n6\r\nbefore\r\n6\r\nbehind\r\n0\r\n\r\n$/)
})

differential('a write to a corked socket as long as the one that leaves meanwhile', {
  request: request(),
  async script ({ req, m, turns }) {
    m.setHeader('Content-Length', 2)
    m.flushHeaders()
    await turns(2)
    req.socket.write('RAW')
    req.socket.cork()
    m.write('a')
    req.socket.write('raw')
    await turns(2)
    m.write(Buffer.from('b'))
    req.socket.uncork()
    m.end()
  },
  check (t, { bytes }) { t.true(bytes.toString().endsWith('RAWarawb')) }
})

for (const [title, count] of [['a chunk', 1], ['two chunks', 2]]) {
  differential(`bytesWritten does not count ${title} that a destroy in the tick throws away`, {
    wire: 'any',
    async script ({ m, socket, note, turns }) {
      m.write('first ')
      await turns(3)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      const before = socket.bytesWritten
      for (let n = 0; n < count; n++) m.write(Buffer.from('lost '))
      m.destroy()
      await closed
      note('bytesWritten', [socket.bytesWritten - before])
    }
  })
}
