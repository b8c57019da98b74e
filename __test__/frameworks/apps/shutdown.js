'use strict'

// Graceful shutdown while one response is streaming and another connection is idle.

const http = require('node:http')
const { createHttpTerminator } = require('http-terminator')
const stoppable = require('stoppable')
const routes = require('../routes')

module.exports = (log) => {
  const server = http.createServer((req, res) => {
    if (req.url.startsWith('/stop')) {
      res.end('stopping')
      res.on('finish', () => stop(req.url))
    } else if (req.url === '/endless') {
      routes.endless().pipe(res)
      res.on('finish', () => log('streamed'))
    } else res.end('hello')
  })
  function stop (path) {
    if (path === '/stop/terminator') terminator.terminate().then(() => log('terminated'))
    else server.stop(() => log('stopped'))
  }
  stoppable(server)
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 20_000 })
  server.on('close', () => log('closed'))
  return server
}
