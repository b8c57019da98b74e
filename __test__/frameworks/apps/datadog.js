'use strict'

const write = process.stdout.write
const spans = []

// The exporter of functions without an agent: each trace is a line on stdout.
process.stdout.write = function (text, ...values) {
  if (!String(text).startsWith('{"traces":')) return write.call(this, text, ...values)
  spans.push(...JSON.parse(text).traces.flat())
  return true
}

require('dd-trace').init({
  experimental: { exporter: 'log' },
  flushInterval: 0,
  telemetry: false,
  startupLogs: false,
  runtimeMetrics: false,
  remoteConfig: { enabled: false }
})

const http = require('node:http')
const express = require('express')
const routes = require('../routes')

const text = ({ name, resource, meta, error }) => `${name} ${resource.replace(/:\d+/, ':<port>')} ${meta['http.status_code']} ${error}`

module.exports = (log) => {
  const app = express()
  app.get('/', (req, res) => res.send('hello'))
  app.get('/stream', (req, res) => routes.stream(res))
  app.get('/big', (req, res) => res.end(routes.big))
  app.get('/fails', (req, res) => res.status(500).send('failed'))
  app.get('/asks', (req, res) => {
    const { port } = server.address()
    http.get({ port, path: '/stream' }, (answer) => answer.pipe(res))
  })
  app.get('/spans', (req, res) => {
    for (const line of spans.map(text).sort()) log(line)
    res.send('logged')
  })
  const server = http.createServer(app)
  return server
}
