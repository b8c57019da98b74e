'use strict'

const test = require('ava')
const path = require('node:path')
const { once } = require('node:events')
const { WebSocket } = require('ws')
const { io } = require('socket.io-client')
const { compare, register } = require('./runner')
const { testOf } = require('./engines')

const common = [
  [{ path: '/' }, { path: '/json' }, { method: 'HEAD', path: '/' }, { path: '/missing' }],
  [{ path: '/json', fields: ['Accept-Encoding: gzip'] }],
  [{ path: '/stream' }, { path: '/stream' }],
  [{ path: '/events' }],
  [{ path: '/big' }, { method: 'HEAD', path: '/big' }, { path: '/big' }],
  [{ path: '/empty' }],
  [{ method: 'POST', path: '/early', body: 'x'.repeat(1000) }]
]
const file = (path) => [
  [{ path }, { path, fields: ['Range: bytes=10-99'] }, { method: 'HEAD', path }],
  [{ path, fields: ['If-None-Match: {etag}'] }, { path, fields: ['If-None-Match: "other"'] }],
  [{ path, fields: ['Range: bytes=9999999-'] }],
  [{ path, fields: ['If-None-Match: *'] }, { path, fields: ['Range: bytes=-5', 'If-Range: "other"'] }]
]
/** A 304 by the ETag that came before it. */
const tagged = (path) => [[{ path }], [{ path, fields: ['If-None-Match: {etag}'] }, { method: 'HEAD', path }]]
const heads = common.flat().filter(({ method }) => method === undefined).map(({ path }) => ({ method: 'HEAD', path }))
const all = [...common, heads, [{ path: '/json' }, { path: '/stream' }, { path: '/missing' }, { path: '/big' }, { path: '/' }]]
const broken = [[{ path: '/' }, { path: '/broken' }], [{ path: '/' }]]
const streaming = ['/stream', '/big']
const query = JSON.stringify({ query: '{ hello }' })
const get = (...paths) => paths.map((path) => [{ path }])

const apps = {
  express4: { connections: [...all, ...file('/file'), ...tagged('/json'), ...broken], native: streaming },
  express5: { connections: [...all, ...file('/file'), ...tagged('/json'), ...broken], native: streaming },
  nest: { connections: [...all, ...tagged('/json')], native: streaming },
  koa: { connections: [...all, ...tagged('/tagged'), ...broken], native: streaming },
  fastify: { connections: [...all, ...tagged('/tagged'), ...broken, ...get('/raw')], native: [...streaming, '/raw'] },
  hono: { connections: [...all, ...tagged('/tagged')], native: streaming },
  connect: { connections: [...all, ...file('/static/routes.js')], native: streaming },
  polka: { connections: [...all, ...file('/static/routes.js')], native: streaming },
  react: { connections: [[{ path: '/' }, { method: 'HEAD' }, { path: '/' }], ...get('/shell', '/large', '/web')], native: ['/shell', '/large', '/web'] },
  middleware: {
    connections: [
      [{ path: '/', fields: ['Origin: http://a.example'] }, { path: '/session' }, { method: 'OPTIONS', path: '/', fields: ['Origin: http://a.example', 'Access-Control-Request-Method: PUT'] }],
      ...['/events', '/stream', '/big'].map((path) => [{ path, fields: ['Accept-Encoding: gzip'] }]),
      ...get('/events', '/stream')
    ],
    native: ['/events', '/stream']
  },
  graphql: {
    connections: [
      [{ method: 'POST', fields: ['Content-Type: application/json'], body: query }],
      [{
        method: 'POST',
        path: '/graphql',
        fields: ['Content-Type: application/json', 'Accept: text/event-stream'],
        body: JSON.stringify({ query: 'subscription { count(to: 5) }' })
      }],
      [{ method: 'POST', path: '/graphql', fields: ['Content-Type: application/json'], body: JSON.stringify({ query: '{ text(length: 100000) }' }) }],
      ...['query { ... @defer { text(length: 20000) } list(to: 2) }', '{ list(to: 20) @stream(initialCount: 2) }'].map((query) => [
        { method: 'POST', path: '/graphql', fields: ['Content-Type: application/json', 'Accept: multipart/mixed'], body: JSON.stringify({ query }) }
      ])
    ],
    native: ['/graphql']
  },
  opentelemetry: { connections: [...get('/', '/stream', '/big', '/fails', '/asks', '/spans')], native: [...streaming, '/asks'], requests: true },
  datadog: { connections: [...get('/', '/stream', '/big', '/fails', '/asks', '/spans')], native: [...streaming, '/asks'] },
  inject: { connections: get('/'), native: [] }
}

for (const [app, options] of Object.entries(apps)) {
  testOf(test, app, app, async (t) => {
    t.timeout(30_000)
    const { log } = await compare(t, app, options)
    if (/opentelemetry|datadog|inject/.test(app)) t.true(log.length > 5, 'nothing was traced')
  })
}

// By the order of `--require`. dd-trace wraps `write` and `end` of http.ServerResponse: where it is first,
// sluice leaves Node as it is. OpenTelemetry wraps neither.
for (const agent of ['datadog', 'opentelemetry']) {
  const preload = path.join(__dirname, 'agents', `${agent}.js`)
  const orders = { before: [preload, register], after: [register, preload] }
  for (const [order, preloads] of Object.entries(orders)) {
    testOf(test, agent, `${agent}, loaded ${order} sluice`, async (t) => {
      t.timeout(30_000)
      const refused = agent === 'datadog' && order === 'before'
      const { log } = await compare(t, agent, { ...apps[agent], preloads, refused })
      t.true(log.length > 5, 'nothing was traced')
    })
  }
}

async function talkByWebSocket (port, path = '/ws') {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  const [first] = await once(socket, 'message')
  socket.send('one')
  const [second] = await once(socket, 'message')
  socket.close()
  const [code] = await once(socket, 'close')
  return [first.length, String(second), code]
}

async function talkBySocketIo (port, transports) {
  const socket = io(`http://127.0.0.1:${port}`, { transports, forceNew: true })
  const answer = await socket.emitWithAck('echo', 'one')
  socket.disconnect()
  return answer
}

testOf(test, 'sockets', 'ws and socket.io beside http', async (t) => {
  t.timeout(30_000)
  await compare(t, 'sockets', {
    connections: get('/'),
    native: null,
    talk: async (port) => [
      await talkByWebSocket(port),
      await talkBySocketIo(port, ['polling']),
      await talkBySocketIo(port, ['websocket']),
      await talkBySocketIo(port, ['polling', 'websocket'])
    ]
  })
})

testOf(test, 'proxies', 'proxies', async (t) => {
  t.timeout(30_000)
  const echo = { method: 'POST', path: '/echo', body: 'x'.repeat(100_000) }
  const paths = ['/stream', '/big', '/events', '/middleware/stream', '/middleware/big', '/intercepted/events']
  await compare(t, 'proxies', {
    connections: [[{ path: '/' }, { method: 'HEAD' }], [echo], ...get(...paths)],
    talk: async (port) => [await talkByWebSocket(port), await talkByWebSocket(port, '/middleware')],
    native: ['/stream', '/big', '/middleware/stream', '/middleware/big'],
    requests: true
  })
})
