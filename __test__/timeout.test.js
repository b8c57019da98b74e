'use strict'

// Idle timeouts: a transfer that makes progress is not idle, whatever its speed; one that makes
// none is. Node looks at libuv's queue for that, which our bytes never enter.

const test = require('ava')
const { startServer } = require('./support/servers')
const { request } = require('./support/requests')
const { RawClient } = require('./support/raw-client')
const { subject } = require('./support/subject')
const { once } = require('node:events')
const { deferred } = require('./support/event-loop')

const IDLE = 1500
const SIZE = 24 << 20

/** Who asks for the timeout. */
const ASKS = {
  'socket.setTimeout': (req, res, onTimeout) => req.socket.setTimeout(IDLE, onTimeout),
  'res.setTimeout': (req, res, onTimeout) => res.setTimeout(IDLE, onTimeout),
  'server.timeout': (req, res, onTimeout, server) => server.on('timeout', onTimeout)
}

async function begin (how, clientOptions) {
  const begun = deferred()
  const { server, address, close } = await startServer(subject, {
    listener (req, res) {
      const timeout = deferred()
      ASKS[how](req, res, () => timeout.resolve('timeout'), server)
      res.setHeader('Content-Length', SIZE)
      res.on('error', () => {})
      res.write(Buffer.alloc(SIZE))
      res.end()
      begun.resolve({ res, timeout: timeout.promise })
    }
  })
  if (how === 'server.timeout') server.timeout = IDLE
  const client = await RawClient.connect(address, { keep: false, ...clientOptions })
  client.send(request())
  return { ...(await begun.promise), client, close }
}

for (const how of Object.keys(ASKS)) {
  test(`${how}: fires for a reader that stops`, async (t) => {
    const { timeout, client, close } = await begin(how, { paused: true })
    t.is(await timeout, 'timeout')
    t.true(client.length < SIZE)
    client.destroy()
    await close()
  })

  test(`${how}: leaves a slow reader alone`, async (t) => {
    t.timeout(60_000)
    const { res, timeout, client, close } = await begin(how, { paused: true })
    const finished = once(res, 'finish').then(() => 'finished')
    // A thirtieth at a time, with rests of a fifteenth of the limit: twice the limit in all.
    let outcome
    for (let read = 1; outcome === undefined; read++) {
      client.resume()
      await client.until(() => client.length >= read * SIZE / 30)
      client.pause()
      outcome = await Promise.race([finished, timeout, new Promise((resolve) => setTimeout(resolve, IDLE / 15))])
    }
    t.is(outcome, 'finished')
    client.resume()
    await client.closed
    await close()
  })
}
