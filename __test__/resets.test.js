'use strict'

// A client that resets while a body waits for it. Node hears of it twice in one poll of the event
// loop, as reader and as writer, and the reader is first: `read ECONNRESET`. Which it is can be a race
// on a busy machine, on Node too: a few in a hundred.

const net = require('node:net')
const { once } = require('node:events')
const test = require('ava')
const { subject, stock } = require('./support/subject')
const { startServer } = require('./support/servers')
const { until } = require('./support/event-loop')

const RESETS = 200
const AT_ONCE = 10

/** Reads on and off, so that the server's writer is waked, and resets at some point. */
function resetSomewhere ({ port }, nth) {
  let seen = 0
  const client = net.connect(port, '127.0.0.1')
  client.on('error', () => {})
  client.on('data', () => {
    if (++seen > 1 + nth % 5) return client.resetAndDestroy()
    client.pause()
    setImmediate(() => client.resume())
  })
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  return once(client, 'close')
}

test('the reader tells of a reset while a body waits, as on Node', async (t) => {
  const syscalls = { read: 0, write: 0 }
  const { address, close } = await startServer(subject, {
    transport: 'tcp',
    options: { backpressure: 'kernel' },
    listener: (req, res) => {
      req.socket.on('error', ({ code, syscall }) => {
        if (code === 'ECONNRESET') syscalls[syscall]++
      })
      res.end(Buffer.alloc(16 << 20))
    }
  })
  const lane = async (first) => {
    for (let nth = first; nth < RESETS; nth += AT_ONCE) {
      await resetSomewhere(address, nth)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => lane(first)))
  await close()
  t.log(JSON.stringify(syscalls))
  t.true(syscalls.read + syscalls.write >= RESETS / 2)
  t.true(syscalls.read > syscalls.write)
})

/** What a response hears whose client has reset the connection before it is written. */
async function heardOf (kind, before, body) {
  const heard = []
  const note = (...values) => { heard.push(values.map((one) => one?.message ?? one)) }
  const { address, close } = await startServer(kind, {
    options: { keepAliveTimeout: 60_000 },
    listener: (req, res) => {
      const { socket } = req
      if (req.url === '/before') return res.end('first')
      socket.on('error', (error) => note('socket error', error)).on('close', (failed) => note('socket close', failed))
      for (const name of ['prefinish', 'finish', 'close', 'error']) res.on(name, (...values) => note(name, ...values))
      body(res, (error) => note('called back', error))
      note('ended', res.writableLength, res.writableFinished)
      process.nextTick(() => note('behind it', socket.writable, socket.errored?.message))
    }
  })
  const client = net.connect(address.port, address.host)
  client.on('error', () => {})
  if (before) {
    client.write('GET /before HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(client, 'data')
  } else await once(client, 'connect')
  const isOver = until(() => heard.some(([name]) => name === 'socket close'))
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  client.resetAndDestroy()
  await isOver
  await close()
  return heard
}

const BODIES = {
  'a whole response': (res, called) => { res.end('x'.repeat(100), called) },
  'a whole response of bytes': (res, called) => { res.end(Buffer.alloc(2000), called) },
  'no body': (res, called) => { res.writeHead(204).end(called) },
  'two writes': (res, called) => {
    res.write('one', called)
    res.write('two', called)
    res.end(called)
  },
  'a long body': (res, called) => { res.end(Buffer.alloc(1 << 20), called) }
}
for (const [what, body] of Object.entries(BODIES)) {
  for (const before of [false, true]) {
    test(`${what} to a client that has reset already, ${before ? 'behind another' : 'the first'}, as on Node`, async (t) => {
      t.deepEqual(await heardOf(subject, before, body), await heardOf(stock, before, body))
    })
  }
}
