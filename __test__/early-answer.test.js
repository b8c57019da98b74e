'use strict'

// A request that is answered while its body is being written: Node forgets the `drain` that is due then.

const http = require('node:http')
const https = require('node:https')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const test = require('ava')
const sluice = require('..')
const { until } = require('./support/event-loop')
const { selfCheck } = require('./support/subject')
const { FaultOrigin } = require('./generated/fault-origin')

const MIB = Buffer.alloc(1 << 20, 'x')
const MODULES = { tcp: http, tls: https }

/** A request to an origin that rests until it has answered and `readFast` is called. */
async function start (t, transport) {
  const { request, Agent } = MODULES[transport]
  const origin = await FaultOrigin.start(transport)
  origin.reader = 'paused'
  const agent = new Agent({ keepAlive: true })
  sluice.install()
  t.teardown(async () => {
    sluice.uninstall()
    agent.destroy()
    await origin.close()
  })
  const req = request({ port: origin.port, host: '127.0.0.1', method: 'POST', agent, rejectUnauthorized: false })
  const answer = async () => {
    if (req.socket === null) await once(req, 'socket')
    const peer = await origin.peerOf(req.socket)
    peer.answer('keep-alive')
    const [res] = await once(req, 'response')
    await once(res.resume(), 'end')
    return peer
  }
  return { req, answer }
}

const ours = sluice.native && !selfCheck ? test.serial : test.serial.skip

for (const transport of Object.keys(MODULES)) {
  ours(`${transport}: each false has its drain, before and after the answer`, async (t) => {
    const { req, answer } = await start(t, transport)
    let drains = 0
    req.on('drain', () => { drains++ })
    // More than the kernel takes of a reader that rests.
    for (let n = 0; n < 31; n++) req.write(MIB)
    t.false(req.write(MIB))
    const peer = await answer()
    t.is(drains, 0)
    t.true(req.writableNeedDrain)
    peer.readFast()
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
    await until(() => peer.length > 35 * MIB.length)
    t.is(drains, 4)
  })

  ours(`${transport}: a pipe into an answered request goes on`, async (t) => {
    const { req, answer } = await start(t, transport)
    Readable.from(Array.from({ length: 48 }, () => MIB)).pipe(req)
    const peer = await answer()
    peer.readFast()
    await once(req, 'close')
    t.true(req.writableFinished)
    await until(() => peer.length > 48 * MIB.length)
  })
}
