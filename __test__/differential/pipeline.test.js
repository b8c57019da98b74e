'use strict'

const test = require('ava')
const host = require('../support/host')
const { differentialFor, VARIANTS } = require('../support/differential')
const { parseResponses } = require('../support/response-parser')
const { request, pipeline } = require('../support/requests')

const differential = differentialFor(test)

/** Every request answered, in order, with `body(n)`. */
function answeredInOrder (count, body) {
  return (t, { bytes, methods }) => {
    const bodies = parseResponses(bytes, methods).map((response) => response.body.toString())
    t.deepEqual(bodies, Array.from({ length: count }, (_, n) => body(n)))
  }
}

for (const count of [2, 16, 1000]) {
  // A TLS socket that Node pauses in a flood still hands the parser the records
  // that it has decrypted, which Node answers with HPE_PAUSED and a destroy.
  const variants = VARIANTS.filter(({ transport }) => count < 1000 || transport !== 'tls')

  differential(`${count} pipelined requests, answered at once`, {
    variants,
    request: pipeline(count),
    script: ({ m, index, cb }) => { m.end(`answer ${index}`, cb('end')) },
    check: answeredInOrder(count, (n) => `answer ${n}`)
  })

  differential(`${count} pipelined requests, streamed`, {
    variants,
    request: pipeline(count),
    script ({ m, index, cb }) {
      m.write(`a${index}`, cb(1))
      m.write(`b${index}`, cb(2))
      m.end(cb('end'))
    },
    check: answeredInOrder(count, (n) => `a${n}b${n}`)
  })
}

/** Answers when all requests are there, in the order of `order(indexes)`. */
const answerIn = (count, order, answer) => ({
  request: pipeline(count),
  async script ({ index, exchanges }) {
    if (index < count - 1) return
    for (const n of order(exchanges.map((_, index) => index))) answer(exchanges[n], n)
  }
})

differential('pipelined, answered in reverse', {
  ...answerIn(8, (all) => all.reverse(), ({ m, cb }, n) => { m.end(`answer ${n}`, cb('end')) }),
  check: answeredInOrder(8, (n) => `answer ${n}`)
})

differential('pipelined, written in reverse in several chunks', {
  ...answerIn(8, (all) => all.reverse(), ({ m, cb, snapshot }, n) => {
    m.setHeader('X-N', n)
    m.write(`é${n} `, cb(1))
    m.write(Buffer.from('-'), cb(2))
    snapshot('written')
    m.end('end', cb('end'))
  }),
  check: answeredInOrder(8, (n) => `é${n} -end`)
})

differential('pipelined, odd ones first', {
  ...answerIn(9, (all) => [...all.filter((n) => n % 2), ...all.filter((n) => n % 2 === 0)], ({ m, cb }, n) => {
    m.end(`answer ${n}`, cb('end'))
  }),
  check: answeredInOrder(9, (n) => `answer ${n}`)
})

differential('pipelined: the second streams while the first is open', {
  request: pipeline(2),
  async script ({ m, cb, index, exchanges, turns }) {
    if (index === 0) return
    m.write('second ', cb(1))
    await turns(2)
    exchanges[0].m.write('first ', exchanges[0].cb(1))
    await turns(2)
    m.write('second ', cb(2))
    exchanges[0].m.end('end', exchanges[0].cb('end'))
    await turns(2)
    m.end('end', cb('end'))
  },
  check (t, { bytes, methods }) {
    const bodies = parseResponses(bytes, methods).map(({ body }) => body.toString())
    t.deepEqual(bodies, ['first end', 'second second end'])
  }
})

differential('pipelined: the first closes the connection, the second is dropped', {
  request: pipeline(3),
  script ({ m, cb, index, exchanges }) {
    if (index < 2) return
    exchanges[2].m.end('never', exchanges[2].cb('end'))
    exchanges[1].m.write('never', exchanges[1].cb('write'))
    exchanges[0].m.setHeader('Connection', 'close')
    exchanges[0].m.end('only', exchanges[0].cb('end'))
  }
})

differential('pipelined: early hints on the second response keep their place', {
  request: pipeline(2),
  async script ({ m, index, exchanges, turns }) {
    if (index === 0) return
    m.writeEarlyHints?.({ link: '</style.css>; rel=preload; as=style' })
    m.end('second')
    await turns(2)
    exchanges[0].m.end('first')
  }
})

differential('pipelined: methods and versions mixed', {
  request: request('GET', '/', { close: false }) +
    request('HEAD', '/', { close: false }) +
    request('POST', '/', { close: false, body: 'hello' }) +
    request('PUT', '/', { close: false, body: 'world' }) +
    request('DELETE', '/', { close: false }) +
    request('OPTIONS', '/', { close: false }) +
    request('GET', '/', { version: '1.0', close: false, fields: ['Connection: keep-alive'] }) +
    request('GET', '/', { version: '1.0' }),
  async script ({ req, m }) {
    let size = 0
    for await (const piece of req) size += piece.length
    m.write(`${req.method} `)
    m.end(`${size}`)
  }
})

differential('an answer before the request body is read', {
  async client (client) {
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
    await client.until(({ text }) => text.endsWith('early'))
    client.send(Buffer.alloc(100_000, 'x'))
    client.send(request('GET', '/2'))
    await client.closed
  },
  methods: ['POST', 'GET'],
  script: ({ m }) => { m.end('early') }
})

differential('an early answer that closes the connection', {
  async client (client) {
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nConnection: close\r\n\r\n')
    await client.until(({ text }) => text.endsWith('early'))
    await client.closed
  },
  methods: ['POST'],
  script: ({ m }) => { m.end('early') }
})

differential('a bad request after a good one', {
  // Node 18 goes on counting what a destroyed socket had buffered (`writableFinished`).
  unless: host.major < 20,
  request: request('GET', '/', { close: false }) + 'NOT HTTP\r\n\r\n',
  methods: ['GET', 'GET'],
  async script ({ m, turns }) {
    m.write('good')
    await turns(3)
    m.end()
  },
  // Node answers 400 on a socket where nothing is sent yet, and destroys others.
  wire: 'any'
})

differential('answers of many sizes', {
  request: pipeline(12),
  async script ({ m, index, turns, cb }) {
    if (index % 3 === 1) await turns(index)
    m.write(Buffer.alloc(index * 10_000, 97 + index), cb(1))
    if (index % 3 === 2) await turns(1)
    m.end('end', cb('end'))
  },
  // Which response is current when another one writes is a matter of timing.
  variants: [{ transport: 'tcp', backpressure: 'kernel' }],
  check: answeredInOrder(12, (n) => String.fromCharCode(97 + n).repeat(n * 10_000) + 'end')
})
