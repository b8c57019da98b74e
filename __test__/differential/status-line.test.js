'use strict'

// A status line that was sent before is remembered: what comes second is what stock Node makes of it.

const test = require('ava')
const http = require('node:http')
const sluice = require('../..')
const { differentialFor } = require('../support/differential')
const { request, pipeline } = require('../support/requests')

const differential = differentialFor(test)

const FORMS = {
  code: (m) => m.writeHead(200),
  'code as a string': (m) => m.writeHead('200'),
  'code with a fraction': (m) => m.writeHead(200.7),
  'code and fields': (m) => m.writeHead(200, { 'X-One': '1' }),
  'code and a flat array': (m) => m.writeHead(200, ['X-One', '1', 'X-One', '2']),
  'reason of the code': (m) => m.writeHead(200, 'OK', { 'X-One': '1' }),
  'another reason': (m) => m.writeHead(200, 'Fine'),
  'no reason and fields': (m) => m.writeHead(200, undefined, { 'X-One': '1' }),
  'null and fields': (m) => m.writeHead(200, null, { 'X-One': '1' }),
  'fields twice': (m) => m.writeHead(200, { 'X-One': '1' }, { 'X-Two': '2' }),
  'empty reason': (m) => m.writeHead(200, ''),
  'reason with CRLF': (m) => m.writeHead(200, 'Fine\r\nX-Bad: 1'),
  'wrong value': (m) => m.writeHead(200, { 'X-One': 'a\nb' }),
  'statusMessage before': (m, res) => {
    res.statusMessage = 'Set'
    m.writeHead(200)
  },
  'statusMessage with CRLF before': (m, res) => {
    res.statusMessage = 'Set\r\nX-Bad: 1'
    m.writeHead(200)
  },
  'statusMessage a number': (m, res) => {
    res.statusMessage = 7
    m.writeHead(200)
  },
  'setHeader before': (m) => {
    m.setHeader('X-Set', 'yes')
    m.writeHead(200)
  },
  'setHeader before, and fields': (m) => {
    m.setHeader('X-One', 'set')
    m.writeHead(200, { 'X-One': '1' })
  },
  twice: (m) => {
    m.writeHead(200)
    m.writeHead(200)
  },
  'no content': (m) => m.writeHead(204),
  'not modified': (m) => m.writeHead(304, { ETag: '"a"' }),
  'unknown code': (m) => m.writeHead(299),
  'implicit 200': () => {},
  'implicit 404': (m, res) => { res.statusCode = 404 }
}

for (const [name, form] of Object.entries(FORMS)) {
  differential(`status line: ${name}`, {
    request: pipeline(5),
    script ({ m, res, index, snapshot }) {
      if (index === 0 || index === 4) m.writeHead(200)
      else form(m, res)
      snapshot('after the head')
      m.write('bo')
      m.end('dy')
    }
  })
}

differential('status line: Expect, without 100 Continue sent', {
  request: request('GET', '/0', { close: false }) +
    request('POST', '/1', { close: false, fields: ['Expect: 100-continue'], body: 'x' }) + request('GET', '/2'),
  setup (server, { serve }) { server.on('checkContinue', serve) },
  script ({ m, snapshot }) {
    m.writeHead(200)
    snapshot('after the head')
    m.end('x')
  }
})

const responseAlone = ({ ServerResponse } = sluice) => new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 })

/** The status lines of responses while the program changes a reason phrase. */
function linesOf (side) {
  const { STATUS_CODES } = http
  const before = STATUS_CODES[200]
  try {
    return [before, before, 'Changed', 'Changed', 'Changed', before, before].map((reason) => {
      STATUS_CODES[200] = reason
      const response = responseAlone(side)
      response.writeHead(200)
      return [response.statusMessage, response._header.split('\r\n')[0]]
    })
  } finally {
    STATUS_CODES[200] = before
  }
}

test.serial('status line: STATUS_CODES changed by the program is looked at as Node looks at it', (t) => {
  const expected = linesOf(http)
  t.deepEqual(linesOf(sluice), expected)
  t.deepEqual(linesOf(sluice), expected)
})

test.serial('status line: what others put into the prototype of http.ServerResponse is called', (t) => {
  const { prototype } = http.ServerResponse
  const { writeHead } = prototype
  const seen = []
  prototype.writeHead = function (...values) {
    seen.push(values)
    return writeHead.apply(this, values)
  }
  try {
    for (let n = 0; n < 2; n++) {
      const response = responseAlone()
      t.is(response.writeHead(200, { 'X-N': n }), response)
      t.is(response.statusMessage, 'OK')
    }
  } finally {
    prototype.writeHead = writeHead
  }
  t.deepEqual(seen, [[200, { 'X-N': 0 }], [200, { 'X-N': 1 }]])
})
