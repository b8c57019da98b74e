'use strict'

const { Readable } = require('node:stream')
const fastify = require('fastify')
const routes = require('../routes')

module.exports = async (log) => {
  const app = fastify()
  app.get('/', async () => 'hello')
  app.get('/json', async () => ({ text: 'é'.repeat(1000) }))
  app.get('/stream', (request, reply) => reply.send(Readable.from(['one ', 'two ', 'three'])))
  app.get('/events', (request, reply) => {
    reply.hijack()
    routes.events(reply.raw)
  })
  app.get('/big', async () => routes.big)
  app.get('/raw', (request, reply) => {
    reply.raw.setHeader('X-Raw', 'yes')
    reply.raw.writeHead(202, 'Taken', { 'Content-Type': 'text/plain' })
    reply.raw.write('raw ')
    reply.raw.end('end')
  })
  app.get('/endless', (request, reply) => reply.send(routes.endless()))
  app.get('/broken', (request, reply) => reply.send(routes.broken()))
  app.get('/tagged', (request, reply) => {
    reply.header('ETag', '"tagged"')
    if (request.headers['if-none-match'] === '"tagged"') return reply.code(304).send()
    return reply.send('tagged')
  })
  app.get('/empty', (request, reply) => reply.code(204).send())
  app.post('/early', (request, reply) => reply.code(413).send('too large'))
  app.addHook('onResponse', async (request, reply) => log(`${request.url} ${reply.statusCode}`))
  await app.ready()
  const { statusCode, body } = await app.inject('/json')
  log(`injected ${statusCode} ${body.length}`)
  return app.server
}
