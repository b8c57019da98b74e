'use strict'

const test = require('ava')
const { once } = require('node:events')
const { WebSocket } = require('ws')
const { io } = require('socket.io-client')
const { compare } = require('./runner')

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
  [{ path, fields: ['Range: bytes=9999999-'] }],
  [{ path, fields: ['If-None-Match: *'] }]
]
const query = JSON.stringify({ query: '{ hello }' })

function upload (size) {
  const fields = ['Content-Type: multipart/form-data; boundary=b']
  const disposition = 'Content-Disposition: form-data; name="file"; filename="f.txt"'
  return { method: 'POST', fields, body: `--b\r\n${disposition}\r\n\r\n${'x'.repeat(size)}\r\n--b--\r\n` }
}

const apps = {
  express4: [...common, ...file('/file')],
  express5: [...common, ...file('/file')],
  nest: common.filter(([{ path }]) => !['/stream', '/events'].includes(path)),
  koa: common,
  opentelemetry: [[{ path: '/' }, { path: '/stream' }]],
  multer: [[upload(50)], [upload(5000)]],
  fastify: common,
  hono: common,
  connect: [...common, ...file('/static/routes.js')],
  polka: [...common, ...file('/static/routes.js')],
  react: [[{ path: '/' }, { method: 'HEAD' }, { path: '/' }]],
  graphql: [[{ method: 'POST', fields: ['Content-Type: application/json'], body: query }]],
  'http-proxy': [[{ path: '/' }, { method: 'HEAD' }], [{ path: '/stream' }], [{ path: '/big' }], [{ method: 'POST', body: 'x' }]]
}

for (const [app, connections] of Object.entries(apps)) {
  test.serial(app, async (t) => {
    t.timeout(30_000)
    await compare(t, app, connections)
  })
}

async function talkByWebSocket (port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
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

test.serial('ws and socket.io beside http', async (t) => {
  t.timeout(30_000)
  await compare(t, 'sockets', [[{ path: '/' }]], async (port) => [
    await talkByWebSocket(port),
    await talkBySocketIo(port, ['polling']),
    await talkBySocketIo(port, ['websocket'])
  ])
})
