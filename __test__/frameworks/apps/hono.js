'use strict'

const { Hono } = require('hono')
const { stream } = require('hono/streaming')
const { createAdaptorServer } = require('@hono/node-server')
const routes = require('../routes')

module.exports = () => {
  const app = new Hono()
  app.get('/', (context) => context.text('hello'))
  app.get('/json', (context) => context.json({ text: 'é'.repeat(1000) }))
  app.get('/stream', (context) => stream(context, async (body) => {
    for (let n = 0; n < 20; n++) await body.write(`line ${n}\n`)
  }))
  app.get('/big', (context) => context.body(routes.big))
  app.get('/empty', (context) => context.body(null, 204))
  app.post('/early', (context) => context.text('too large', 413))
  return createAdaptorServer({ fetch: app.fetch })
}
