'use strict'

// Messages that have no body (RFC 9112 section 6.3), and programs that write one.

const test = require('ava')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

for (const [method, status] of [['HEAD', 200], ['GET', 204], ['GET', 304], ['HEAD', 304], ['HEAD', 404]]) {
  const twice = request(method, '/1', { close: false }) + request(method, '/2')
  for (const rejectNonStandardBodyWrites of [false, true]) {
    const title = `${method} ${status}${rejectNonStandardBodyWrites ? ', body writes rejected' : ''}`
    const serverOptions = { rejectNonStandardBodyWrites }
    differential(`${title}: writes are ignored, callbacks run`, {
      request: twice,
      serverOptions,
      script ({ m, cb, snapshot }) {
        m.statusCode = status
        m.write('one', cb(1))
        snapshot('written')
        m.write(Buffer.from('two'), cb(2))
        m.write('', cb('empty'))
        m.end('three', cb('end'))
        m.end(cb('end'))
      }
    })
    differential(`${title}: end with a body`, {
      request: twice,
      serverOptions,
      script ({ m, cb }) {
        m.writeHead(status, { 'X-A': 'b' })
        m.end('body', 'latin1', cb('end'))
        m.end()
      }
    })
    differential(`${title}: Content-Length, Transfer-Encoding and trailers`, {
      request: twice,
      serverOptions,
      script ({ m, index }) {
        m.statusCode = status
        if (index === 0) m.setHeader('Content-Length', 5)
        else m.setHeader('Transfer-Encoding', 'chunked')
        m.setHeader('Trailer', 'X-T')
        m.addTrailers({ 'X-T': '1' })
        m.end()
      }
    })
  }
}
