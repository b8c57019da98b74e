'use strict'

const { spans } = require('../agents/datadog')
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
