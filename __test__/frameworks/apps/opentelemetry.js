'use strict'

const { exporter } = require('../agents/opentelemetry')
const http = require('node:http')
const routes = require('../routes')

const CHANCE = /port|peer|flavor|\.ip$|ip_tcp|net\.host\.ip/

function text ({ name, kind, status, attributes, parentSpanContext }) {
  const kept = Object.entries(attributes).filter(([key]) => !CHANCE.test(key))
    .map(([key, value]) => `${key}=${String(value).replace(/:\d+/, ':<port>')}`).sort()
  return `${kind} ${name} ${status.code} ${parentSpanContext !== undefined} ${kept.join(' ')}`
}

module.exports = (log) => {
  const server = http.createServer((req, res) => {
    const { port } = server.address()
    const answers = {
      '/stream': () => routes.stream(res),
      '/big': () => res.setHeader('X-Length', routes.big.length).end(routes.big),
      '/fails': () => res.writeHead(500).end('failed'),
      '/asks': () => {
        const asked = http.request({ port, path: '/stream', method: 'POST' }, (answer) => answer.pipe(res))
        // What is written before the socket connects waits for it in Node's hands.
        asked.on('socket', (socket) => socket.on('connect', () => {
          for (let n = 0; n < 10; n++) asked.write('x'.repeat(100))
          asked.end()
        }))
      },
      '/spans': () => {
        for (const line of exporter.getFinishedSpans().map(text).sort()) log(line)
        res.end('logged')
      }
    }
    const answer = answers[req.url]
    if (answer === undefined) res.end('hello')
    else answer()
  })
  return server
}
