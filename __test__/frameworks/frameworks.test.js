'use strict'

const test = require('ava')
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

const apps = {
  express4: [...common, ...file('/file')],
  express5: [...common, ...file('/file')],
  koa: common,
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
