'use strict'

// What a server's options change in its responses.

const test = require('ava')
const http = require('node:http')
const https = require('node:https')
const sluice = require('../../index.js')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request, pipeline } = require('../support/requests')
const { registers } = require('../support/subject')

const differential = differentialFor(test)

const BODILESS = [['HEAD', 200], ['GET', 204], ['GET', 304], ['HEAD', 304]]
for (const [method, status] of BODILESS) {
  for (const rejectNonStandardBodyWrites of [true, false]) {
    const serverOptions = { rejectNonStandardBodyWrites }
    const title = `${method} ${status}, rejectNonStandardBodyWrites: ${rejectNonStandardBodyWrites}`
    const chunks = { string: 'body', Buffer: Buffer.from('body'), nothing: '', 'no bytes': Buffer.alloc(0) }
    for (const [kind, chunk] of Object.entries(chunks)) {
      differential(`${title}: write and end of ${kind}`, {
        serverOptions,
        request: request(method, '/', { close: false }),
        script ({ m, cb, snapshot }) {
          m.statusCode = status
          m.write(chunk, cb('write'))
          snapshot('after write')
          m.write(chunk, 'latin1')
          m.end(chunk, cb('end'))
          snapshot('after end')
          m.end(cb('second end'))
        }
      })
    }
    differential(`${title}: end alone, after writeHead, corked`, {
      serverOptions,
      request: request(method, '/1', { close: false }) + request(method, '/2', { close: false }) + request(method, '/3'),
      script ({ m, cb, index }) {
        if (index === 1) m.writeHead(status, { 'X-Own': '1' })
        else m.statusCode = status
        if (index === 2) m.cork()
        m.end('body', cb('end'))
        m.end(cb('again'))
      }
    })
  }
}

differential('rejectNonStandardBodyWrites leaves a body that may be there alone', {
  serverOptions: { rejectNonStandardBodyWrites: true },
  request: pipeline(3),
  script ({ m, cb, index }) {
    if (index !== 1) m.write('one', cb('write'))
    m.end('two', cb('end'))
  }
})

differential('strictContentLength of a message without a body', {
  request: request('HEAD', '/1', { close: false }) + request('HEAD', '/2'),
  script ({ m, res, cb, index }) {
    res.strictContentLength = true
    m.setHeader('Content-Length', 3)
    if (index === 0) m.write('longer than three', cb('write'))
    m.end(cb('end'))
  }
})

for (const keepAliveTimeout of [0, 4500, 72_000]) {
  for (const keepAliveTimeoutBuffer of [undefined, 0, 500]) {
    for (const maxRequestsPerSocket of [0, 1, 2, 3]) {
      differential(`keepAliveTimeout ${keepAliveTimeout}, buffer ${keepAliveTimeoutBuffer}, at most ${maxRequestsPerSocket} requests`, {
        serverOptions: { keepAliveTimeout, ...(keepAliveTimeoutBuffer === undefined ? {} : { keepAliveTimeoutBuffer }) },
        setup (server) { server.maxRequestsPerSocket = maxRequestsPerSocket },
        request: request('GET', '/0', { close: false }) + request('HEAD', '/1', { close: false }) +
          request('GET', '/2', { close: false, version: '1.0', fields: ['Connection: keep-alive'] }) +
          request('GET', '/3', { close: false }),
        methods: ['GET', 'HEAD', 'GET', 'GET'].slice(0, maxRequestsPerSocket || 4),
        variants: [{ transport: 'tcp', backpressure: 'kernel' }],
        // The one after the last that is allowed gets its 503 from the server itself.
        async client (client, { request }) {
          client.send(request)
          client.halfClose()
          await client.closed
        },
        async script ({ m, res, call, index, socket, turn }) {
          if (index === 0) {
            m.write('first')
            await turn()
          }
          m.end('x')
          res.on('finish', () => call('timeout', () => socket.timeout))
        }
      })
    }
  }
}

for (const requireHostHeader of [true, false]) {
  differential(`a request without Host, requireHostHeader: ${requireHostHeader}`, {
    serverOptions: { requireHostHeader },
    request: 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
    client: async (client) => {
      client.send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')
      await client.closed
    },
    script ({ m }) { m.write('there'); m.end() }
  })
}

for (const highWaterMark of [1, 100, 65_536, 1_000_000]) {
  differential(`highWaterMark: ${highWaterMark}`, {
    serverOptions: { highWaterMark },
    async script ({ m, res, call, cb, turn }) {
      const look = () => call('look', () => [res.writableHighWaterMark, res.writableNeedDrain])
      look()
      m.write('x'.repeat(90), cb('small'))
      look()
      m.write(Buffer.alloc(20_000, 'y'), cb('large'))
      await turn()
      m.end('z')
      look()
    },
    // The mark and what hangs on it are the host's own in this mode alone.
    variants: [{ transport: 'tcp', backpressure: 'high-water-mark' }, { transport: 'tls', backpressure: 'high-water-mark' }]
  })
}

for (const serverOptions of [
  { noDelay: true, keepAlive: true, keepAliveInitialDelay: 1000 }, { insecureHTTPParser: true }, { maxHeaderSize: 2000 },
  { joinDuplicateHeaders: true }, { headersTimeout: 1000, requestTimeout: 2000, connectionsCheckingInterval: 100 },
  { uniqueHeaders: ['set-cookie', 'x-list'] }, { optimizeEmptyRequests: true }, { shouldUpgradeCallback: () => false },
  { shouldUpgradeCallback: () => true }
]) {
  differential(`server options ${Object.keys(serverOptions)}, ${String(Object.values(serverOptions)[0])}`, {
    serverOptions,
    request: request('GET', '/0', { close: false, fields: ['X-Twice: 1', 'X-Twice: 2', 'Authorization: a', 'Authorization: b'] }) +
      request('POST', '/1', { close: false, body: 'some' }) +
      request('GET', '/2', { fields: ['Upgrade: own'] }),
    async script ({ m, req, call }) {
      call('asked', () => JSON.stringify([req.headers, req.complete]))
      m.setHeader('Set-Cookie', ['a=1', 'b=2'])
      m.setHeader('X-List', ['1', '2'])
      m.write('one ')
      m.end('two')
    }
  })
}

differential('uniqueHeaders by setHeader, appendHeader, writeHead in its forms, and trailers', {
  serverOptions: { uniqueHeaders: ['x-one', 'X-Two', 'X-Last', 'x-trailing'] },
  request: pipeline(4),
  script ({ m, index }) {
    m.setHeader('x-one', ['a', 'b'])
    m.appendHeader?.('x-two', 'c')
    m.appendHeader?.('x-two', ['d', 'e'])
    m.setHeader('Trailer', 'X-Trailing')
    if (index === 1) m.writeHead(200, { 'X-Last': ['1', '2'], 'X-Other': ['3', '4'] })
    if (index === 2) m.writeHead(200, 'Fine', ['X-Last', ['1', '2'], 'X-Other', ['3', '4'], 'x-one', 'f'])
    m.write('x')
    m.addTrailers({ 'X-Trailing': ['1', '2'] })
    m.end()
  }
})

/** Where a listener of the server's fails. */
const FAILURES = {
  'before anything': () => { throw new Error('rejected') },
  'with fields set': ({ res }) => {
    res.setHeader('X-Own', '1')
    res.statusMessage = 'Own'
    throw new Error('rejected')
  },
  'after the head': ({ m }) => {
    m.writeHead(201)
    throw new Error('rejected')
  },
  'after flushHeaders, later': async ({ m, turn }) => {
    m.flushHeaders()
    await turn()
    throw new Error('rejected')
  },
  'after a write': ({ m, cb }) => {
    m.write('begun', cb('write'))
    throw new Error('rejected')
  },
  'after a write, later': async ({ m, cb, turn }) => {
    m.write('begun', cb('write'))
    await turn()
    throw new Error('rejected')
  },
  'after the end': ({ m, cb }) => {
    m.end('all', cb('end'))
    throw new Error('rejected')
  }
}

/** As `events.captureRejections` before it was made; the constructor of a server takes no such option. */
function captureRejections (emitter) {
  for (let at = emitter; at !== null; at = Object.getPrototypeOf(at)) {
    const kCapture = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'kCapture')
    if (kCapture !== undefined) emitter[kCapture] = true
  }
}

async function sendAndWait (client, { request }) {
  client.send(request)
  await client.closed
}

for (const [where, fail] of Object.entries(FAILURES)) {
  differential(`captureRejections: a listener rejects ${where}`, {
    // A connection that is destroyed may have delivered anything until then.
    wire: /after/.test(where) ? 'any' : 'exact',
    client: sendAndWait,
    // Node's https server has no answer for a rejection.
    variants: VARIANTS.filter(({ transport }) => transport !== 'tls'),
    setup (server, { exchanges, serve }) {
      captureRejections(server)
      server.removeListener('request', serve)
      server.on('request', async (req, res) => {
        serve(req, res)
        await fail(exchanges.at(-1))
      })
    },
    script () {}
  })
}

for (const event of ['drain', 'prefinish', 'finish', 'close', 'own']) {
  differential(`captureRejections: a listener of the response's ${event} rejects`, {
    client: sendAndWait,
    async script ({ m, res, cb, turn }) {
      captureRejections(res)
      res.on(event, async () => { throw new Error(`rejected in ${event}`) })
      m.write('x'.repeat(100_000), cb('write'))
      res.emit('own')
      await turn()
      m.end('y', cb('end'))
    },
    variants: event === 'drain' ? VARIANTS.filter(({ backpressure }) => backpressure !== 'kernel') : VARIANTS
  })
}

class Config {
  get keepAliveTimeout () { return 1234 }
  get requestTimeout () { return 4321 }
}
const OPTIONS = {
  'with getters': () => new Config(),
  inherited: () => Object.create({ maxHeaderSize: 111, joinDuplicateHeaders: true, noDelay: false }),
  ...Object.fromEntries([5, 'x', true, [], null, undefined, Symbol('x')].map((value) => [`of ${String(value)} (${typeof value})`, () => value]))
}
for (const [title, make] of Object.entries(OPTIONS)) {
  for (const create of ['createServer', 'createSecureServer']) {
    test(`options ${title}: ${create} does what Node does`, (t) => {
      const tell = (side) => {
        try {
          const { keepAliveTimeout, requestTimeout, maxHeaderSize, joinDuplicateHeaders, noDelay } = side[create](make())
          return { keepAliveTimeout, requestTimeout, maxHeaderSize, joinDuplicateHeaders, noDelay }
        } catch ({ name, code, message }) {
          return { name, code, message }
        }
      }
      const stock = { createServer: http.createServer, createSecureServer: https.createServer }
      t.deepEqual(tell(registers ? stock : sluice), tell(stock))
    })
  }
}
