'use strict'

const { Readable } = require('node:stream')
const { Hono } = require('hono')
const { etag } = require('hono/etag')
const { stream, streamSSE } = require('hono/streaming')
const { createAdaptorServer } = require('@hono/node-server')
const routes = require('../routes')

module.exports = () => {
  const app = new Hono()
  app.get('/', (context) => context.text('hello'))
  app.get('/json', (context) => context.json({ text: 'é'.repeat(1000) }))
  app.get('/stream', (context) => stream(context, async (body) => {
    for (let n = 0; n < 20; n++) await body.write(`line ${n}\n`)
  }))
  app.get('/events', (context) => streamSSE(context, async (body) => {
    for (let id = 0; id < 5; id++) await body.writeSSE({ id: String(id), event: 'count', data: `event ${id}` })
  }))
  app.use('/tagged', etag())
  app.get('/tagged', (context) => context.text('tagged'))
  app.get('/endless', (context) => context.body(Readable.toWeb(routes.endless())))
  app.get('/broken', (context) => context.body(Readable.toWeb(routes.broken())))
  app.get('/big', (context) => context.body(routes.big))
  app.get('/empty', (context) => context.body(null, 204))
  app.post('/early', (context) => context.text('too large', 413))
  return createAdaptorServer({ fetch: app.fetch })
}
