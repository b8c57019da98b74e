'use strict'

const http = require('node:http')
const path = require('node:path')
const polka = require('polka')
const serveStatic = require('serve-static')
const compression = require('compression')
const routes = require('../routes')

module.exports = () => {
  const app = polka()
  app.use(compression())
  app.use('/static', serveStatic(path.join(__dirname, '..')))
  app.use('/stream', (req, res) => routes.stream(res))
  app.use('/events', (req, res) => routes.events(res))
  app.use('/big', (req, res) => res.end(routes.big))
  app.use('/endless', (req, res) => routes.endless().pipe(res))
  app.use('/early', (req, res) => {
    res.statusCode = 413
    res.end('too large')
  })
  app.use('/json', (req, res) => res.end('"json"'))
  return http.createServer(app.handler)
}
