'use strict'

const http = require('node:http')
const { once } = require('node:events')
const httpProxy = require('http-proxy')
const routes = require('../routes')

module.exports = async () => {
  const origin = http.createServer((req, res) => {
    if (req.url === '/stream') return routes.stream(res)
    if (req.url === '/big') return res.end(routes.big)
    res.end(`${req.method} ${req.url}`)
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${origin.address().port}` })
  return http.createServer((req, res) => proxy.web(req, res, (error) => res.destroy(error)))
}
