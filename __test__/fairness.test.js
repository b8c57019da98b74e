'use strict'

// A fast reader makes room while the kernel copies. It must not have the event loop for itself.

const test = require('ava')
const { Worker } = require('node:worker_threads')
const { once } = require('node:events')
const { startServer } = require('./support/servers')
const { subject, selfCheck } = require('./support/subject')
const { turn } = require('./support/event-loop')

const MIB = 1 << 20
/** Of one connection in a turn: what is deferred at the most. Two, where the first `write` is of the same turn. */
const MOST_IN_A_TURN = 2 * 8 * MIB

/** Clients in a thread of their own that throw away what they read. */
const CLIENTS = `
const net = require('node:net')
const { workerData: { port, count }, parentPort } = require('node:worker_threads')
let left = count
for (let n = 0; n < count; n++) {
  const client = net.connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.allocUnsafe(${4 * MIB}), callback: () => true } })
  client.write('GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n')
  client.on('close', () => { if (--left === 0) parentPort.postMessage('closed') })
}`

// Stock Node, too, is fair; it has no count of what waits in libuv.
const unlessStock = selfCheck ? test.skip : test
for (const [count, size] of [[1, 512 * MIB], [8, 128 * MIB]]) {
  unlessStock.serial(`no more than a turn's share of ${size / MIB} MiB leaves in a turn, for each of ${count}`, async (t) => {
    t.timeout(120_000)
    const body = Buffer.alloc(size)
    const responses = []
    const { address, close } = await startServer(subject, {
      listener (req, res) {
        responses.push(res)
        res.setHeader('Content-Length', size)
        res.write(body)
        res.end()
      }
    })
    const clients = new Worker(CLIENTS, { eval: true, workerData: { port: address.port, count } })
    const exited = once(clients, 'exit')
    const state = { hasClosed: false }
    clients.once('message', () => { state.hasClosed = true })
    const before = new Map()
    let most = 0
    while (!state.hasClosed) {
      for (const res of responses) {
        const left = res.writableFinished ? 0 : res.writableLength
        most = Math.max(most, (before.get(res) ?? size) - left)
        before.set(res, left)
      }
      await turn()
    }
    await exited
    await close()
    t.is(responses.length, count)
    t.true(most > 0 && most <= MOST_IN_A_TURN, `${most} bytes in a turn`)
  })
}
