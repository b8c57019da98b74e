'use strict'

// Middleware that wraps, reads or delays a response, all around one app.

const http = require('node:http')
const express = require('express')
const compression = require('compression')
const cors = require('cors')
const helmet = require('helmet').default
const morgan = require('morgan')
const onHeaders = require('on-headers')
const responseTime = require('response-time')
const session = require('express-session')
const routes = require('../routes')

/** Server-sent events through gzip, each flushed. */
async function events (res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (let n = 0; n < 5; n++) {
    res.write(`data: event ${n}\n\n`)
    await new Promise((resolve) => setImmediate(resolve))
    res.flush()
  }
  res.end()
}

module.exports = (log) => {
  const app = express()
  app.use(morgan(':method :url :http-version :status :res[content-type] :res[content-length]', { stream: { write: log } }))
  app.use(morgan('asked :url', { immediate: true, stream: { write: log } }))
  app.use(responseTime())
  app.use(helmet())
  app.use(cors({ origin: 'http://a.example', credentials: true, exposedHeaders: ['X-Count'] }))
  app.use(session({ secret: 'test', resave: false, saveUninitialized: false, rolling: true }))
  app.use((req, res, next) => {
    onHeaders(res, function () { this.setHeader('X-Count', this.getHeaderNames().length) })
    next()
  })
  app.use(compression({ threshold: 0, filter: () => true }))
  app.get('/', (req, res) => res.send('hello'))
  app.get('/session', (req, res) => {
    req.session.count = (req.session.count ?? 0) + 1
    res.json({ count: req.session.count })
  })
  app.get('/events', (req, res) => events(res))
  app.get('/stream', (req, res) => routes.stream(res))
  app.get('/big', (req, res) => res.send(routes.big))
  app.get('/endless', (req, res) => routes.endless().pipe(res))
  return http.createServer(app)
}
