'use strict'

// libuv closes a descriptor synchronously in destroy, and the system hands its number to the next
// socket that is opened. Bytes queued for the old connection must never reach the new one.

const test = require('ava')
const fs = require('node:fs')
const net = require('node:net')
const { once } = require('node:events')
const { startServer } = require('./support/servers')
const { request } = require('./support/requests')
const { RawClient } = require('./support/raw-client')
const { subject } = require('./support/subject')
const { deferred, turns } = require('./support/event-loop')

const ROUNDS = 20
const MARK = 'stranger'

/** A server that sends one greeting and keeps what it gets. */
async function startRecorder () {
  const seen = []
  const server = net.createServer((socket) => {
    socket.on('data', (piece) => seen.push(piece)).on('error', () => {})
    socket.write('hello')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, seen, port: server.address().port }
}

const WAYS = {
  'destroy()': ({ res }) => res.destroy(),
  'socket.destroy()': ({ socket }) => socket.destroy(),
  'resetAndDestroy()': ({ socket }) => socket.resetAndDestroy(),
  'end() and resetAndDestroy()': ({ res, socket }) => { res.end(); socket.resetAndDestroy() },
  'destroy() in a drain': ({ res, client }) => new Promise((resolve) => {
    res.once('drain', () => { res.write(Buffer.alloc(1 << 20, MARK)); res.destroy(); resolve() })
    client.resume()
  }),
  'destroy() in a callback': ({ res, client }) => new Promise((resolve) => {
    res.write(Buffer.alloc(1 << 20, MARK), () => { res.write('more'); res.destroy(); resolve() })
    client.resume()
  }),
  'the client resets': ({ res, client }) => { client.reset(); return once(res, 'close') }
}

for (const [how, tear] of Object.entries(WAYS)) {
  test.serial(`a number that is used again gets no foreign byte: ${how}`, async (t) => {
    t.timeout(60_000)
    const recorder = await startRecorder()
    for (let round = 0; round < ROUNDS; round++) {
      const begun = deferred()
      const { address, close } = await startServer(subject, { listener: (req, res) => begun.resolve({ res, socket: req.socket }) })
      const client = await RawClient.connect(address, { paused: true, keep: false })
      client.send(request())
      const { res, socket } = await begun.promise
      socket.on('error', () => {})
      res.on('error', () => {})
      const errors = []
      let called = 0
      // More than the kernel takes.
      for (let n = 0; n < 8; n++) res.write(Buffer.alloc(1 << 20, MARK), (error) => { called++; if (error) errors.push(error) })
      res.write(MARK)
      const torn = tear({ res, socket, client })
      if (how.includes('(') && !how.includes('in a')) t.is(socket._handle?.fd ?? -1, -1)
      const strangers = Array.from({ length: 4 }, () => net.connect(recorder.port, '127.0.0.1'))
      await Promise.all(strangers.map((stranger) => once(stranger, 'data')))
      await torn
      await turns(3)
      t.is(called, 8, 'each callback once')
      for (const stranger of strangers) stranger.end('mine')
      await Promise.all(strangers.map((stranger) => once(stranger, 'close')))
      if (!client.isClosed) client.destroy()
      await close()
    }
    recorder.server.close()
    await once(recorder.server, 'close')
    t.is(Buffer.concat(recorder.seen).toString(), 'mine'.repeat(4 * ROUNDS))
  })
}

test.serial('no descriptor stays open', async (t) => {
  const count = () => fs.readdirSync('/proc/self/fd').length
  const rounds = async (n) => {
    const { address, close } = await startServer(subject, { listener: (req, res) => { res.write(Buffer.alloc(8 << 20)); res.destroy() } })
    for (let k = 0; k < n; k++) {
      const client = await RawClient.connect(address, { keep: false })
      client.send(request())
      await client.closed
    }
    await close()
  }
  await rounds(5)
  const before = count()
  await rounds(200)
  // Other test files run in this process too, and open and close a few of their own.
  t.true(count() - before < 100, `${before} before, ${count()} after 200 connections`)
})
