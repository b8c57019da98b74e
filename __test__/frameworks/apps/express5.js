'use strict'

const http = require('node:http')
const express = require('express')
const compression = require('compression')
const morgan = require('morgan')
const session = require('express-session')
const onHeaders = require('on-headers')
const routes = require('../routes')

module.exports = (log) => {
  const app = express()
  app.use(morgan(':method :url :status :res[content-length]', { stream: { write: log } }))
  app.use((req, res, next) => {
    onHeaders(res, () => res.setHeader('X-On-Headers', 'yes'))
    next()
  })
  app.use(session({ secret: 'test', resave: false, saveUninitialized: true }))
  app.use(compression())
  app.get('/', (req, res) => res.send('hello'))
  app.get('/json', (req, res) => res.json({ text: 'é'.repeat(1000) }))
  app.get('/file', (req, res) => res.sendFile(require.resolve('../routes.js')))
  app.get('/stream', (req, res) => routes.stream(res))
  app.get('/events', (req, res) => routes.events(res))
  app.get('/big', (req, res) => res.send(routes.big))
  app.get('/endless', (req, res) => routes.endless().pipe(res))
  // The error handler comes when the head is out: Express cuts the connection.
  app.get('/broken', (req, res, next) => routes.broken().on('error', next).pipe(res))
  app.get('/empty', (req, res) => res.status(204).end())
  app.post('/early', (req, res) => res.status(413).send('too large'))
  app.use((error, req, res, next) => {
    log(`${error.message} ${res.headersSent}`)
    next(error)
  })
  return http.createServer(app)
}
