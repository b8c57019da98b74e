'use strict'

// What clients do to a server: read slowly, leave in the middle, keep their connection, upload early.

const test = require('ava')
const undici = require('undici')
const { RawClient } = require('../support/raw-client')
const { request } = require('../support/requests')
const { randomFrom } = require('../support/random')
const { compare, meaning, digest } = require('./runner')
const { testOf } = require('./engines')

const get = (path, ...fields) => request('GET', path, { close: false, fields })
const connect = (port, options) => RawClient.connect({ port, host: '127.0.0.1', transport: 'tcp' }, options)

async function readSlowly (port, path) {
  const client = await connect(port, { paused: true })
  client.send(get(path, 'Connection: close'))
  client.readSlowly(randomFrom(1))
  await client.closed
  return meaning(client.bytes, ['GET'])
}

/** Leaves after `length` bytes of the body; the next one is served the same. */
async function abort (port, path, length, how) {
  const client = await connect(port, { keep: false })
  client.send(get(path))
  await client.until(() => client.length >= length)
  client[how]()
  await client.closed
  const next = await connect(port)
  next.send(get('/json', 'Connection: close'))
  await next.closed
  return meaning(next.bytes, ['GET'])
}

async function reuse (port, paths) {
  const client = new undici.Client(`http://127.0.0.1:${port}`, { pipelining: 1 })
  let connections = 0
  client.on('connect', () => connections++)
  const answers = []
  for (const path of [...paths, ...paths]) {
    const { statusCode, body, trailers } = await client.request({ path, method: 'GET' })
    answers.push([path, statusCode, digest(Buffer.from(await body.arrayBuffer())), { ...trailers }])
  }
  await client.close()
  return [connections, answers]
}

async function fetchAll (port, paths) {
  const dispatcher = new undici.Agent()
  const answers = []
  for (const path of paths) {
    const answer = await undici.fetch(`http://127.0.0.1:${port}${path}`, { dispatcher })
    answers.push([path, answer.status, digest(Buffer.from(await answer.arrayBuffer()))])
  }
  await dispatcher.close()
  return answers
}

for (const app of ['express4', 'express5', 'koa', 'fastify', 'hono', 'connect', 'nest']) {
  testOf(test, app, `clients of ${app}`, async (t) => {
    t.timeout(60_000)
    const paths = ['/json', '/stream', '/big', '/events']
    await compare(t, app, {
      talk: async (port) => [
        await readSlowly(port, '/big'),
        await readSlowly(port, '/endless'),
        await abort(port, '/endless', 1, 'destroy'),
        await abort(port, '/endless', 1 << 20, 'destroy'),
        await abort(port, '/endless', 1 << 19, 'reset'),
        await reuse(port, paths),
        await fetchAll(port, [...paths, ...paths])
      ],
      native: ['/stream', '/big', '/events', '/endless'],
      // A client that leaves and the one after it are heard of in either order.
      unordered: true
    })
  })
}

function multipart (size) {
  const disposition = 'Content-Disposition: form-data; name="file"; filename="f.txt"'
  return `--b\r\n${disposition}\r\n\r\n${'x'.repeat(size)}\r\n--b--\r\n`
}

function post (path, length, ...fields) {
  return [`POST ${path} HTTP/1.1`, 'Host: a', `Content-Length: ${length}`, ...fields, '', ''].join('\r\n')
}

const TYPE = 'Content-Type: multipart/form-data; boundary=b'

async function upload (port, path, size) {
  const body = multipart(size)
  const client = await connect(port)
  client.send(post(path, body.length, TYPE) + body + get('/', 'Connection: close'))
  await client.closed
  return meaning(client.bytes, ['POST', 'GET'])
}

/** The answer comes before the body has; then the rest of the body, and a request behind it. */
async function answeredEarly (port, path) {
  const body = multipart(50_000)
  const client = await connect(port)
  client.send(post(path, body.length, TYPE) + body.slice(0, 1000))
  await client.until(() => /\r\n\r\n[^]*(?:large|limit)/.test(client.text))
  client.send(body.slice(1000) + get('/', 'Connection: close'))
  await client.closed
  return meaning(client.bytes, ['POST', 'GET'])
}

async function closedEarly (port) {
  const client = await connect(port)
  client.send(post('/close', 100_000) + 'x'.repeat(1000))
  await client.closed
  return meaning(client.bytes, ['POST'])
}

async function expecting (port, path, body) {
  const client = await connect(port)
  client.send(post(path, body.length, TYPE, 'Expect: 100-continue'))
  await client.until(() => client.text.includes('\r\n\r\n'))
  const isAsked = client.text.startsWith('HTTP/1.1 100 ')
  if (isAsked) client.send(body + get('/', 'Connection: close'))
  await client.closed
  return [isAsked, meaning(client.bytes, ['POST', 'GET'])]
}

testOf(test, 'uploads', 'uploads', async (t) => {
  t.timeout(60_000)
  await compare(t, 'uploads', {
    talk: async (port) => [
      await upload(port, '/multer', 50),
      await upload(port, '/multer', 5000),
      await upload(port, '/busboy', 50),
      await upload(port, '/echo', 500_000),
      await answeredEarly(port, '/keep'),
      await answeredEarly(port, '/keep-chunked'),
      await answeredEarly(port, '/busboy'),
      await closedEarly(port),
      await expecting(port, '/echo', 'x'.repeat(50)),
      await expecting(port, '/echo', 'x'.repeat(500))
    ],
    native: ['/echo', '/keep-chunked']
  })
})

/** An idle connection, one in the middle of its response, and the request to stop. */
async function stop (port, path) {
  const idle = await connect(port)
  idle.send(get('/'))
  await idle.until(() => idle.text.endsWith('hello'))
  const streaming = await connect(port)
  streaming.send(get('/endless'))
  await streaming.until(() => streaming.length > 1000)
  streaming.pause()
  const stopping = await connect(port)
  stopping.send(get(path))
  await stopping.closed
  await idle.closed
  streaming.resume()
  await streaming.closed
  return [idle, streaming, stopping].map(({ bytes }) => meaning(bytes, ['GET']))
}

for (const path of ['/stop/terminator', '/stop/stoppable']) {
  test.serial(`shutdown by ${path}`, async (t) => {
    t.timeout(60_000)
    await compare(t, 'shutdown', { talk: (port) => stop(port, path), native: ['/endless'] })
  })
}
