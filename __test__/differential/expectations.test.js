'use strict'

// Expectations beyond the simple exchange (interim.test.js has that): how they are spelled, where in a
// pipeline they stand, and what a program does at the wrong moment.

const test = require('ava')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** A request with a body that follows at once. */
const expecting = (value, { method = 'POST', path = '/', fields = [], body = 'hello', ...rest } = {}) =>
  request(method, path, { ...rest, body, fields: [`Expect: ${value}`, ...fields] })

const checksContinue = (server, { serve }) => { server.on('checkContinue', serve) }
const checksExpectation = (server, { serve }) => { server.on('checkExpectation', serve) }

async function echo ({ req, m }) {
  let body = ''
  for await (const piece of req) body += piece
  m.write(body)
  m.end('.')
}

const SPELLINGS = ['100-continue', '100-Continue', '100-CONTINUE', ' 100-continue ', '100-continue, other', 'other, 100-continue', 'x100-continuex', '100', '', 'other']
for (const value of SPELLINGS) {
  for (const [who, setup] of Object.entries({ server: undefined, continue: checksContinue, expectation: checksExpectation })) {
    differential(`Expect: "${value}" (${who})`, {
      variants: VARIANTS.slice(0, 2),
      request: expecting(value),
      setup,
      script: echo
    })
  }
}

for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
  differential(`${method} with an expectation`, {
    request: expecting('100-continue', { method }),
    script: echo
  })
}

for (const [title, setup] of Object.entries({ 'by the server': undefined, 'by the program': checksContinue })) {
  differential(`HTTP/1.0 with an expectation, answered ${title}`, {
    request: expecting('100-continue', { version: '1.0' }),
    setup,
    script: echo
  })

  differential(`expectations one behind the other, answered ${title}`, {
    request: [0, 1, 2].map((n) => expecting('100-continue', { path: `/${n}`, close: n === 2, body: `body ${n}` })).join(''),
    setup,
    async script (exchange) {
      if (setup) exchange.m.writeContinue(exchange.cb('continue'))
      await echo(exchange)
    }
  })
}

differential('the field twice', {
  request: expecting('100-continue', { fields: ['Expect: 100-continue'] }),
  script: echo
})

differential('an expectation behind a response that stays open', {
  request: request('GET', '/0', { close: false }) + expecting('100-continue', { path: '/1' }),
  setup: checksContinue,
  async script (exchange) {
    const { index, exchanges, m, cb, turns } = exchange
    if (index === 0) {
      m.write('first ')
      return
    }
    m.writeContinue(cb('continue'))
    await turns(2)
    exchanges[0].m.write('still first ')
    exchanges[0].m.end('end', exchanges[0].cb('end'))
    await echo(exchange)
  }
})

differential('an expectation behind a response that waits for its reader', {
  methods: ['GET', 'POST'],
  setup: checksContinue,
  async client (client) {
    client.pause()
    client.send(request('GET', '/0', { close: false }) + expecting('100-continue', { path: '/1' }))
    client.resume()
    await client.closed
  },
  async script (exchange) {
    const { index, m, cb } = exchange
    if (index === 0) {
      m.write(Buffer.alloc(8 << 20, 'x'))
      m.end('end')
      return
    }
    m.writeContinue(cb('continue'))
    await echo(exchange)
  }
})

differential('continued under cork', {
  request: expecting('100-continue'),
  setup: checksContinue,
  async script (exchange) {
    const { m, cb, snapshot, turn } = exchange
    m.cork()
    m.writeContinue(cb('continue'))
    snapshot('corked')
    await turn()
    m.uncork()
    await echo(exchange)
  }
})

const MOMENTS = {
  'behind the head': (m) => { m.flushHeaders() },
  'behind a part of the body': (m) => { m.write('part ') },
  'behind the end': (m) => { m.end('whole') }
}
for (const [moment, before] of Object.entries(MOMENTS)) {
  differential(`continued ${moment}`, {
    request: expecting('100-continue'),
    setup: checksContinue,
    async script (exchange) {
      const { m, cb, snapshot, turn } = exchange
      before(m)
      m.writeContinue(cb('continue'))
      snapshot('continued')
      await turn()
      if (!exchange.res.writableEnded) await echo(exchange)
    }
  })
}

differential('continued after the connection is gone', {
  request: expecting('100-continue', { close: false }),
  setup: checksContinue,
  wire: 'any',
  async script ({ m, res, cb, turns, snapshot }) {
    res.destroy()
    m.writeContinue(cb('at once'))
    await turns(3)
    m.writeContinue(cb('later'))
    snapshot('later')
  }
})

differential('refused early: what the client sends all the same is not taken for a request', {
  methods: ['POST', 'GET'],
  setup: checksContinue,
  async client (client) {
    client.send('POST /0 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n')
    await client.until(({ text }) => text.includes('413'))
    client.send('GET /not-a-request HTTP/1.1\r\nHost: a\r\n\r\n' + request('GET', '/1'))
    await client.closed
  },
  script ({ m, req }) {
    if (req.url === '/1') return m.end('second')
    m.writeHead(413)
    m.end('too large')
  }
})

differential('refused with Connection: close', {
  methods: ['POST'],
  request: 'POST /0 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n',
  setup: checksContinue,
  script ({ m, cb }) {
    m.writeHead(413, { Connection: 'close' })
    m.write('too ')
    m.end('large', cb('end'))
  }
})

differential('passed on to the listeners of requests', {
  request: expecting('100-continue'),
  setup (server) {
    server.on('checkContinue', (req, res) => {
      res.writeContinue()
      server.emit('request', req, res)
    })
  },
  script: echo
})

differential('passed on to the listeners of requests without a word', {
  request: expecting('other'),
  setup (server) { server.on('checkExpectation', (req, res) => server.emit('request', req, res)) },
  script: echo
})

differential('an expectation that the server refuses, and a request behind it', {
  request: expecting('other', { path: '/0', close: false }) + request('GET', '/1'),
  methods: ['GET'],
  script: ({ m }) => { m.end('second') }
})

differential('another expectation, answered in pieces on a connection that stays', {
  request: expecting('other', { path: '/0', close: false }) + expecting('other', { method: 'HEAD', path: '/1', close: false }) +
    request('GET', '/2'),
  setup: checksExpectation,
  async script ({ m, cb, turn, index }) {
    m.statusCode = 200 + index
    m.write('a', cb(1))
    await turn()
    m.write('b', cb(2))
    m.end(cb('end'))
  }
})

differential('a server that checks both', {
  request: expecting('100-continue', { path: '/0', close: false }) + expecting('other', { path: '/1' }),
  setup (server, run) {
    checksContinue(server, run)
    checksExpectation(server, run)
  },
  script: ({ m, req }) => { m.end(req.headers.expect) }
})

differential('continued by the server, though the program answers without reading', {
  request: expecting('100-continue', { path: '/0', close: false }) + request('GET', '/1'),
  script: ({ m, index }) => { m.write(`${index}`); m.end() },
  check (t, { bytes }) { t.true(bytes.toString('latin1').startsWith(CONTINUE)) }
})
