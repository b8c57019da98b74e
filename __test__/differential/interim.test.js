'use strict'

const test = require('ava')
const host = require('../support/host')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')
const { observe } = require('../support/observe')
const { stock, subject, selfCheck } = require('../support/subject')

const differential = differentialFor(test)

const expecting = (value) => `POST / HTTP/1.1\r\nHost: a\r\nExpect: ${value}\r\nContent-Length: 5\r\nConnection: close\r\n\r\n`

async function sendBodyAfterContinue (client) {
  client.send(expecting('100-continue'))
  await client.until(({ text }) => text.includes('100 Continue\r\n\r\n'))
  client.send('hello')
  await client.closed
}

differential('Expect: 100-continue, answered by the server', {
  methods: ['POST'],
  client: sendBodyAfterContinue,
  async script ({ req, m }) {
    let body = ''
    for await (const piece of req) body += piece
    m.end(body)
  }
})

differential('Expect: 100-continue, answered by the program', {
  methods: ['POST'],
  client: sendBodyAfterContinue,
  setup (server, { serve }) { server.on('checkContinue', serve) },
  async script ({ req, m, cb, snapshot }) {
    m.writeContinue(cb('continue'))
    snapshot('continued')
    let body = ''
    for await (const piece of req) body += piece
    m.write(body)
    m.end()
  }
})

differential('Expect: 100-continue refused', {
  methods: ['POST'],
  request: expecting('100-continue'),
  setup (server, { serve }) { server.on('checkContinue', serve) },
  script: ({ m }) => {
    m.statusCode = 417
    m.end('no')
  }
})

differential('another expectation: the server refuses', {
  methods: ['POST'],
  request: expecting('something'),
  script: ({ m }) => { m.end('never') }
})

differential('another expectation, answered by the program', {
  methods: ['POST'],
  request: expecting('something'),
  setup (server, { serve }) { server.on('checkExpectation', serve) },
  script: ({ m }) => { m.end('fine') }
})

differential('writeProcessing, several times, before the response', {
  async script ({ m, cb, turn, snapshot }) {
    m.writeProcessing(cb(1))
    m.writeProcessing()
    snapshot('processing')
    await turn()
    m.writeProcessing(cb(2))
    m.end('done')
  }
})

const HINTS = {
  'one link': { link: '</a.css>; rel=preload' },
  'several links': { link: ['</a.css>; rel=preload', '</b.js>; rel=preload; as=script'] },
  'further fields': { link: '</a.css>; rel=preload', 'x-trace': 'id' },
  'values that are no text': { link: '</a.css>; rel=preload', 'x-a': undefined, 'x-b': ['c', 'd'], 'x-e': { valueOf: () => 'f' } },
  'a control character': { link: '</a.css>; rel=preload', 'x-a': 'b\x01' },
  'a name that is none': { link: '</a.css>; rel=preload', 'x a': 'b' },
  'not a link beside a control character': { 'x-a': 'b\x01', link: 'nonsense' },
  'no link': {},
  'empty list': { link: [] },
  'not a link': { link: 'nonsense' },
  'a link without text': { link: Object.create(null) },
  null: null
}
for (const [name, hints] of Object.entries(HINTS)) {
  differential(`writeEarlyHints: ${name}`, {
    script ({ m, cb, snapshot }) {
      m.writeEarlyHints?.(hints, cb('hints'))
      snapshot('hinted')
      m.write('x')
      m.end()
    }
  })
}

differential('writeEarlyHints: a control character, where the server is lenient', {
  setup (server) { server.insecureHTTPParser = true },
  script ({ m }) {
    m.writeEarlyHints?.({ link: '</a.css>; rel=preload', 'x-a': 'b\x01' })
    m.end('x')
  }
})

differential('CRLF in early hints never reaches the wire', {
  // Node ≤ 22 lets it through.
  unless: host.major <= 22,
  script ({ m }) {
    m.writeEarlyHints?.({ link: '</a.css>; rel=preload', 'x-a': 'b\r\nX-Bad: 1' })
    m.end('x')
  }
})

for (const [title, hints] of Object.entries({
  'a value': { link: '</a.css>; rel=preload', 'x-a': 'b\r\nX-Bad: 1' },
  'a name': { link: '</a.css>; rel=preload', 'x-a\r\nX-Bad': '1' },
  'a link': { link: '</a\r\nX-Bad: 1>; rel=preload' },
  'one of several links': { link: ['</a.css>; rel=preload', '</a\r\nX-Bad: 1>; rel=preload'] },
  // Of each code unit the low byte is sent.
  'the low bytes of a value': { link: '</a.css>; rel=preload', 'x-a': 'b\u010d\u010aX-Bad: 1' },
  'the low bytes of a name': { link: '</a.css>; rel=preload', 'x-a\u4e0aX-Bad': '1' },
  'the low bytes of a link': { link: '</a\u4e0aX-Bad: 1>; rel=preload' },
  'a link that is an object': { link: [{ toString: () => '</a>', valueOf: () => '</a\r\nX-Bad: 1>' }] }
})) {
  const ours = selfCheck || stock.ServerResponse.prototype.writeEarlyHints === undefined ? test.serial.skip : test.serial
  ours(`CRLF in ${title} of early hints: an error on every host`, async (t) => {
    const { bytes, exchanges } = await observe(subject, {
      script ({ m }) {
        m.writeEarlyHints(hints)
        m.end('x')
      }
    })
    t.regex(exchanges[0].returns[0].result.thrown?.code, /^ERR_INVALID_(CHAR|HTTP_TOKEN|ARG_VALUE)$/)
    t.false(bytes.toString('latin1').includes('X-Bad'))
  })
}

differential('writeContinue without an expectation, and twice', {
  script ({ m, cb }) {
    m.writeContinue()
    m.writeContinue(cb('again'))
    m.end('x')
  }
})

differential('interim responses after the head', {
  script ({ m }) {
    m.write('x')
    m.writeContinue()
    m.writeProcessing()
    m.writeEarlyHints?.({ link: '</a.css>; rel=preload' })
    m.end()
  },
  wire: 'exact'
})

differential('writeInformation', {
  script ({ m }) {
    m.writeInformation?.(104, { 'x-progress': '1' })
    m.end('x')
  }
})

differential('interim responses for HTTP/1.0 and HEAD', {
  request: request('HEAD', '/1', { close: false }) + request('GET', '/2', { version: '1.0' }),
  script ({ m }) {
    m.writeProcessing()
    m.writeContinue()
    m.end('x')
  }
})

differential('a final response with a 1xx status', {
  async script ({ m, cb, turns, res }) {
    m.writeHead(103, { 'X-A': 'b' })
    m.write('ignored', cb('write'))
    m.end(cb('end'))
    await turns(2)
    res.destroy()
  }
})

differential('status 101 on an ordinary request', {
  async script ({ m, cb, turns, res }) {
    m.writeHead(101, { Connection: 'Upgrade', Upgrade: 'x' })
    m.end(cb('end'))
    await turns(2)
    res.destroy()
  }
})
