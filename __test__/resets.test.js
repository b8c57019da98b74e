'use strict'

// A client that resets while a body waits for it. Node hears of it twice in one poll of the event
// loop, as reader and as writer, and the reader is first: `read ECONNRESET`. Which it is can be a race
// on a busy machine, on Node too: a few in a hundred.

const net = require('node:net')
const { once } = require('node:events')
const test = require('ava')
const { subject } = require('./support/subject')
const { startServer } = require('./support/servers')

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
