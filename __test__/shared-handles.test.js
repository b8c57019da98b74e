'use strict'

// Sockets that share a handle: what one of them closes, or has still to send, is the other's, too.

const fs = require('node:fs')
const net = require('node:net')
const { once } = require('node:events')
const test = require('ava')
const host = require('./support/host')
const { subject, selfCheck } = require('./support/subject')
const { startServer } = require('./support/servers')
const { serveInTurn } = require('./support/in-turn')
const { request } = require('./support/requests')
const { turns, until, deferred } = require('./support/event-loop')

const ofLinux = selfCheck || !host.isLinux ? test.serial.skip : test.serial

const BIG = Buffer.alloc(20 << 20, 'b')

/** Another socket of HTTP for the handle of one, and a request on it. */
function shareHandle ({ server, _handle: handle }) {
  const another = new net.Socket({ handle, readable: true, writable: true })
  server.emit('connection', another)
  another.parser.execute(Buffer.from(request()))
  return another
}

/**
 * A response writes to a descriptor that another socket of its handle has closed, and that is a stranger's by then.
 * @returns {Promise<string | null>} what strangers received; null where none of them got the descriptor's number
 */
async function writeToClosed () {
  const first = deferred()
  let received = null
  await serveInTurn([first.resolve, (res) => res.write('by the second')], async (client) => {
    client.resume()
    client.send(request('GET', '/', { close: false }))
    const res = await first.promise
    const { socket } = res
    socket.on('error', () => {})
    res.write('by the first')
    await turns(3)
    const { fd } = socket._handle
    const another = shareHandle(socket)
    await turns(3)
    another.destroy()
    await client.closed
    // The lowest numbers that are free are taken first.
    const ends = []
    const strangers = net.createServer((accepted) => ends.push(accepted)).listen(0, '127.0.0.1')
    await once(strangers, 'listening')
    const isReused = () => [strangers, ...ends].some(({ _handle }) => _handle.fd === fd)
    while (!isReused() && ends.length < 50) {
      const { length } = ends
      ends.push(net.connect(strangers.address().port, '127.0.0.1'))
      await until(() => ends.length === length + 2)
    }
    if (isReused()) received = ''
    for (const end of ends) end.on('data', (bytes) => { received += bytes })
    try {
      res.write('lost')
    } catch {
      // Node's own, to a handle that is closed.
    }
    await turns(10)
    for (const end of ends) end.destroy()
    strangers.close()
    socket.destroy()
  })
  return received
}

ofLinux('a socket whose handle another one has closed writes to no stranger', async (t) => {
  let received = null
  // Tests that run in other threads of the process take numbers, too.
  for (let tries = 0; received === null && tries < 50; tries++) received = await writeToClosed()
  t.is(received, '')
})

/** Takes all that the kernel has for a socket. */
function readAll ({ _handle: { fd } }) {
  const bytes = Buffer.alloc(1 << 20)
  const pieces = []
  try {
    for (let length = 1; length > 0;) {
      length = fs.readSync(fd, bytes)
      pieces.push(Buffer.from(bytes.subarray(0, length)))
    }
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
  }
  return pieces
}

ofLinux('a response goes behind what libuv has of another socket of the handle, though the kernel has room', async (t) => {
  const accepted = deferred()
  const { server, address: { port }, close } = await startServer(subject, { transport: 'tcp', listener: (req, res) => res.end('behind') })
  server.once('connection', accepted.resolve)
  const client = net.connect(port, '127.0.0.1').pause()
  const socket = await accepted.promise
  socket.write(BIG)
  await turns(3)
  t.not(socket._handle.writeQueueSize, 0)
  const pieces = readAll(client)
  shareHandle(socket)
  client.on('data', (bytes) => pieces.push(bytes)).resume()
  await once(client, 'close')
  socket.destroy()
  await close()
  const bytes = Buffer.concat(pieces)
  t.is(bytes.indexOf('HTTP/1.1 200 OK'), BIG.length)
  t.true(bytes.subarray(-6).equals(Buffer.from('behind')))
})
