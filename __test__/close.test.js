'use strict'

// `server.close()` while an ended response waits for its reader: Node 20 and later cut it off.

const test = require('ava')
const { once } = require('node:events')
const host = require('./support/host')
const { subject, selfCheck } = require('./support/subject')
const { startServer } = require('./support/servers')
const { RawClient } = require('./support/raw-client')
const { request } = require('./support/requests')
const { until, turns } = require('./support/event-loop')

const LENGTH = 8 << 20
const ours = selfCheck ? test.serial.skip : test.serial

const BODIES = {
  'ended with its body' (res) { res.end(Buffer.alloc(LENGTH, 'x')) },
  'streamed and ended' (res) {
    res.writeHead(200, { 'Content-Length': LENGTH })
    res.write(Buffer.alloc(LENGTH / 2, 'x'))
    res.end(Buffer.alloc(LENGTH / 2, 'x'))
  }
}

for (const transport of ['tcp', 'unix', 'tls']) {
  for (const [title, answer] of Object.entries(BODIES)) {
    ours(`a response ${title}, and the server is closed (${transport})`, async (t) => {
      let res
      const { server, address } = await startServer(subject, {
        transport,
        listener: (req, response) => {
          if (req.url === '/idle') response.end('idle')
          else answer(res = response)
        }
      })
      const client = await RawClient.connect(address, { keep: false, paused: true })
      // An idle one is closed at once.
      const idle = await RawClient.connect(address)
      idle.send(request('GET', '/idle', { close: false }))
      await idle.until(({ text }) => text.endsWith('idle'))
      client.send(request('GET', '/', { close: false }))
      await until(() => res?.finished)
      await turns(3)
      t.false(res.writableFinished)
      const closed = once(server, 'close')
      server.close()
      if (host.major < 20) idle.halfClose()
      await idle.closed
      t.true(res.finished)
      t.true(res.writableEnded)
      client.resume()
      await client.closed
      t.true(client.length > LENGTH)
      t.is(client.error, null)
      await closed
      subject.release?.()
    })
  }
}

ours('one that is still written is left alone, and an idle one is closed', async (t) => {
  let res
  const { server, address } = await startServer(subject, { listener: (req, response) => { (res = response).write('a') } })
  const client = await RawClient.connect(address)
  client.send(request('GET', '/', { close: false }))
  await client.until(({ text }) => text.endsWith('a\r\n'))
  const closed = once(server, 'close')
  server.close()
  await turns(3)
  res.end('b')
  await client.until(({ text }) => text.endsWith('0\r\n\r\n'))
  client.halfClose()
  await closed
  t.true(client.text.includes('\r\na\r\n1\r\nb\r\n0\r\n\r\n'))
  subject.release?.()
})
