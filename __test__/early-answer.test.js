'use strict'

// A request that is answered while its body is being written: Node forgets the `drain` that is due then.

const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const test = require('ava')
const sluice = require('..')
const { listen, tlsOptions } = require('./support/servers')
const { until } = require('./support/event-loop')
const { selfCheck } = require('./support/subject')

const MIB = Buffer.alloc(1 << 20, 'x')
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok'
const TRANSPORTS = { TCP: [http, net.createServer, {}], TLS: [https, (accept) => tls.createServer(tlsOptions, accept), { rejectUnauthorized: false }] }

/** An origin that answers as soon as something comes, and reads the rest when `read` is called. */
async function start (t, transport) {
  const [{ request, Agent }, createServer, options] = TRANSPORTS[transport]
  const origin = { length: 0 }
  const server = createServer((socket) => {
    socket.once('data', (first) => {
      origin.length += first.length
      socket.pause()
      socket.write(ANSWER)
      origin.read = () => socket.on('data', (piece) => { origin.length += piece.length }).resume()
    })
  })
  const { port } = await listen(server)
  const agent = new Agent({ keepAlive: true })
  sluice.install()
  t.teardown(async () => {
    sluice.uninstall()
    agent.destroy()
    server.close()
    await once(server, 'close')
  })
  const req = request({ port, host: '127.0.0.1', method: 'POST', agent, ...options })
  return { req, origin, answered: once(req, 'response').then(([res]) => once(res.resume(), 'end')) }
}

const ours = sluice.native && !selfCheck ? test.serial : test.serial.skip

for (const transport of Object.keys(TRANSPORTS)) {
  ours(`${transport}: each false has its drain, before and after the answer`, async (t) => {
    const { req, origin, answered } = await start(t, transport)
    let drains = 0
    req.on('drain', () => { drains++ })
    // More than the kernel takes of a reader that rests.
    for (let n = 0; n < 32; n++) t.false(req.write(MIB) && n === 31)
    await answered
    t.is(drains, 0)
    t.true(req.writableNeedDrain)
    origin.read()
    await once(req, 'drain')
    for (let n = 1; n <= 3; n++) {
      t.is(drains, n)
      if (!req.write(MIB)) await once(req, 'drain')
      else drains++
    }
    const { socket } = req
    t.is(socket.listeners('drain').length, 0)
    req.end()
    await once(req, 'close')
    await until(() => origin.length > 35 * MIB.length)
    t.is(drains, 4)
  })

  ours(`${transport}: a pipe into an answered request goes on`, async (t) => {
    const { req, origin, answered } = await start(t, transport)
    Readable.from(Array.from({ length: 48 }, () => MIB)).pipe(req)
    await answered
    origin.read()
    await once(req, 'close')
    t.true(req.writableFinished)
    await until(() => origin.length > 48 * MIB.length)
  })
}
