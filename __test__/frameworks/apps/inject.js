'use strict'

// Requests that never see a socket (light-my-request), and those of supertest.

const http = require('node:http')
const { createHash } = require('node:crypto')
const express = require('express')
const fastify = require('fastify')
const inject = require('light-my-request')
const supertest = require('supertest')
const routes = require('../routes')

const hash = (body) => createHash('sha256').update(body).digest('hex')

module.exports = async (log) => {
  const app = express()
  app.get('/', (req, res) => res.send('hello'))
  app.get('/stream', (req, res) => routes.stream(res))
  app.get('/big', (req, res) => res.send(routes.big))
  app.get('/empty', (req, res) => res.status(204).end())
  app.get('/early', (req, res) => {
    res.writeEarlyHints?.({ link: '</style.css>; rel=preload' })
    res.end('early')
  })
  app.post('/echo', (req, res) => req.pipe(res))

  const plain = (req, res) => req.url === '/early' ? res.end('early') : app(req, res)
  const api = fastify()
  api.get('/', async () => ({ hello: 'world' }))
  api.get('/stream', (request, reply) => reply.send(routes.endless()))
  api.get('/raw', (request, reply) => {
    reply.hijack()
    routes.stream(reply.raw)
  })

  const note = (name, { statusCode, statusMessage, headers, rawPayload, trailers }) => {
    log(JSON.stringify([name, statusCode, statusMessage, { ...headers, date: undefined }, trailers, rawPayload.length, hash(rawPayload)]))
  }
  for (const method of ['GET', 'HEAD']) {
    for (const url of ['/', '/stream', '/big', '/empty', '/early', '/missing']) {
      note(`express ${method} ${url}`, await inject(plain, { method, url }))
    }
    for (const url of ['/', '/stream', '/raw']) {
      const exposed = method === 'GET' || url === '/'
      if (exposed) note(`fastify ${method} ${url}`, await api.inject({ method, url }))
    }
  }
  note('echo', await inject(plain, { method: 'POST', url: '/echo', payload: 'x'.repeat(10_000) }))

  for (const url of ['/', '/stream', '/empty', '/early', '/missing']) {
    const { status, headers, text } = await supertest(app).get(url)
    log(JSON.stringify([url, status, { ...headers, date: undefined }, hash(text ?? '')]))
  }
  await supertest(app).head('/big').expect(200).expect('Content-Length', String(routes.big.length))
  const { text } = await supertest(app).post('/echo').set('Content-Type', 'text/plain').send('é'.repeat(10_000))
  log(`supertest echo ${hash(text ?? '')}`)
  return http.createServer(app)
}
