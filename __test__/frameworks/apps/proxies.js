'use strict'

// http-proxy and http-proxy-middleware in front of one origin, with ws beside.

const http = require('node:http')
const { once } = require('node:events')
const express = require('express')
const httpProxy = require('http-proxy')
const { WebSocketServer } = require('ws')
const { createProxyMiddleware, responseInterceptor } = require('http-proxy-middleware')
const routes = require('../routes')

function createOrigin () {
  const origin = http.createServer((req, res) => {
    const answers = {
      '/stream': () => routes.stream(res),
      '/events': () => routes.events(res),
      '/big': () => res.end(routes.big),
      '/echo': () => req.pipe(res)
    }
    const answer = answers[req.url]
    if (answer === undefined) res.end(`${req.method} ${req.url}`)
    else answer()
  })
  const sockets = new WebSocketServer({ server: origin })
  sockets.on('connection', (client) => {
    client.send('x'.repeat(1 << 20))
    client.on('message', (message) => client.send(`echo ${message}`))
  })
  origin.listen(0, '127.0.0.1')
  return origin
}

module.exports = async () => {
  const origin = createOrigin()
  await once(origin, 'listening')
  const target = `http://127.0.0.1:${origin.address().port}`
  const proxy = httpProxy.createProxyServer({ target })
  const app = express()
  app.use('/intercepted', createProxyMiddleware({
    target,
    selfHandleResponse: true,
    on: { proxyRes: responseInterceptor(async (body) => `intercepted ${body}`) }
  }))
  // With `ws: true` it would answer `upgrade` itself too, from the first request on.
  const sockets = createProxyMiddleware({ target, pathRewrite: { '^/middleware': '' } })
  app.use('/middleware', sockets)
  app.use((req, res) => proxy.web(req, res, (error) => res.destroy(error)))
  const server = http.createServer(app)
  server.on('upgrade', (req, socket, head) => {
    if (req.url.startsWith('/middleware')) sockets.upgrade(req, socket, head)
    else proxy.ws(req, socket, head)
  })
  return server
}
