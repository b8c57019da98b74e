'use strict'

// The truth of true and false, against readers that are slow or stop.

const test = require('ava')
const net = require('node:net')
const http = require('node:http')
const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const sluice = require('..')
const { startServer } = require('./support/servers')

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** A connection that has asked and reads nothing yet. */
async function stalledClient ({ address }) {
  const socket = net.connect(address.port ? address : { path: address.path })
  await once(socket, 'connect')
  socket.pause()
  socket.write(REQUEST)
  return socket
}

/** Reads on until the peer closes. @returns {Promise<Buffer>} the body */
async function readBody (socket) {
  const parts = []
  for await (const part of socket) parts.push(part)
  const bytes = Buffer.concat(parts)
  return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
}

for (const transport of ['tcp', 'unix']) {
  test(`${transport}: true leaves nothing in user memory, false is followed by one drain`, async (t) => {
    const total = 24 * 1024 * 1024
    const sent = createHash('sha256')
    let falses = 0
    let drains = 0
    let pass
    const done = new Promise((resolve) => { pass = resolve })
    const server = await startServer(sluice, {
      transport,
      async listener (req, res) {
        res.setHeader('Content-Length', total)
        res.on('drain', () => {
          drains++
          t.is(res.writableLength, 0)
        })
        for (let left = total; left > 0;) {
          const chunk = randomBytes(Math.min(left, 1 + Math.floor(Math.random() * 200_000)))
          left -= chunk.length
          sent.update(chunk)
          if (res.write(chunk)) {
            // Without a turn until the first false, which the reader can't prevent; then in bursts.
            if (falses === 0 || Math.random() < 0.9) continue
            await nextTurn()
            t.is(res.writableLength, 0)
          } else {
            falses++
            t.true(res.writableNeedDrain)
            t.true(res.writableLength > 0)
            await once(res, 'drain')
          }
          t.is(drains, falses)
        }
        res.end(pass)
      }
    })
    t.teardown(server.close)
    const client = await stalledClient(server)
    const body = await readBody(client)
    await done
    t.true(falses > 0)
    t.is(body.length, total)
    t.is(createHash('sha256').update(body).digest('hex'), sent.digest('hex'))
  })
}

test('what the kernel refused arrives whole when the reader reads on, and finish comes after it', async (t) => {
  const chunk = randomBytes(8 * 1024 * 1024)
  const order = []
  let ended
  const isEnded = new Promise((resolve) => { ended = resolve })
  const server = await startServer(sluice, {
    listener (req, res) {
      t.false(res.write(chunk, () => order.push('write')))
      res.on('finish', () => order.push('finish'))
      res.socket.write('', () => order.push('socket'))
      res.end(chunk, () => order.push('end'))
      t.true(res.writableLength > chunk.length)
      ended()
    }
  })
  t.teardown(server.close)
  const client = await stalledClient(server)
  await isEnded
  t.deepEqual(order, [])
  const body = await readBody(client)
  t.true(body.includes(chunk))
  t.is(body.indexOf(chunk, body.indexOf(chunk) + chunk.length) > 0, true)
  t.is(order.filter((name) => name === 'finish').length, 1)
  t.is(order[0], 'write')
})

test('destroy with bytes queued gives every callback its error, once and in order', async (t) => {
  const chunk = Buffer.alloc(8 * 1024 * 1024)
  const calls = []
  let closed
  const isClosed = new Promise((resolve) => { closed = resolve })
  const server = await startServer(sluice, {
    listener (req, res) {
      for (let n = 0; n < 3; n++) res.write(chunk, (error) => calls.push([n, error instanceof Error]))
      res.on('close', () => setImmediate(closed))
      setImmediate(() => res.destroy())
    }
  })
  t.teardown(server.close)
  const client = await stalledClient(server)
  client.on('error', () => {})
  await isClosed
  t.deepEqual(calls, [[0, true], [1, true], [2, true]])
  client.destroy()
})

test('a peer that resets is an error for the callbacks and close for the response', async (t) => {
  const chunk = Buffer.alloc(8 * 1024 * 1024)
  let report
  const reported = new Promise((resolve) => { report = resolve })
  const server = await startServer(sluice, {
    listener (req, res) {
      const calls = []
      res.write(chunk, (error) => calls.push(error instanceof Error))
      res.on('close', () => setImmediate(() => report(calls)))
    }
  })
  t.teardown(server.close)
  const client = await stalledClient(server)
  client.on('error', () => {})
  client.once('readable', () => client.resetAndDestroy())
  t.deepEqual(await reported, [true])
})

test('a detached chunk is an error of its connection and no read of freed memory', async (t) => {
  let report
  const reported = new Promise((resolve) => { report = resolve })
  const server = await startServer(sluice, {
    listener (req, res) {
      if (req.url === '/next') return res.end('still here')
      const chunk = new Uint8Array(16 * 1024 * 1024)
      res.write(chunk, (error) => report(error))
      structuredClone(chunk, { transfer: [chunk.buffer] })
    }
  })
  t.teardown(server.close)
  server.server.on('clientError', (error, socket) => socket.destroy(error))
  const client = await stalledClient(server)
  client.on('error', () => {})
  client.resume()
  t.is((await reported)?.code, 'ERR_INVALID_STATE')
  const { port, host } = server.address
  const [response] = await once(http.get({ port, host, path: '/next', agent: false }), 'response')
  t.is((await response.toArray()).join(''), 'still here')
})

test('an unknown encoding throws before a byte is sent, and the response can still be made', async (t) => {
  const server = await startServer(sluice, {
    listener (req, res) {
      for (const call of [() => res.write('x', 'nope'), () => res.end('x', 'nope')]) {
        t.throws(call, { instanceOf: TypeError, code: 'ERR_UNKNOWN_ENCODING' })
        t.false(res.headersSent)
      }
      res.end('中文', 'gbk')
    }
  })
  t.teardown(server.close)
  const body = await readBody((await stalledClient(server)))
  t.deepEqual([...body], [0xd6, 0xd0, 0xce, 0xc4])
})
