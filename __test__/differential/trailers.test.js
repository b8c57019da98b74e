'use strict'

// Trailer sections (RFC 9112 section 7.1.2).

const test = require('ava')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

differential('trailers', {
  script ({ m }) {
    m.setHeader('Trailer', 'X-T, X-U')
    m.addTrailers({ 'X-T': 'kept only if replaced' })
    m.write('x')
    m.addTrailers({ 'X-T': '1', 'X-U': 'caf\u00e9', 'X-Many': '3' })
    m.end('y')
  }
})

const TRAILERS = {
  'array of pairs': [['X-T', '1'], ['X-U', '2']],
  'CRLF in a value': { 'X-T': 'a\r\nX-Bad: 1' },
  'NUL in a value': { 'X-T': 'a\0' },
  'CRLF in a name': { 'X\r\nT': 'a' },
  'empty name': { '': 'a' },
  'array value': { 'X-T': ['1', '2'] },
  'number value': { 'X-T': 1 },
  'beyond latin1': { 'X-T': '漢' },
  empty: {}
}
for (const [name, trailers] of Object.entries(TRAILERS)) {
  differential(`trailers: ${name}`, {
    script ({ m }) {
      m.write('x')
      m.addTrailers(trailers)
      m.end()
    }
  })
}

differential('trailers without chunked are dropped', {
  request: request('GET', '/1', { close: false }) + request('GET', '/2', { version: '1.0' }),
  script ({ m, index }) {
    if (index === 0) m.setHeader('Content-Length', 2)
    m.addTrailers({ 'X-T': '1' })
    m.end('ok')
    m.addTrailers({ 'X-T': '2' })
  }
})

differential('Trailer without chunked is an error', {
  script ({ m }) {
    m.setHeader('Content-Length', 2)
    m.setHeader('Trailer', 'X-T')
    m.end('ok')
    m.removeHeader('Trailer')
    m.end('ok')
  }
})
