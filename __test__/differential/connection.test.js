'use strict'

const test = require('ava')
const net = require('node:net')
const { Writable } = require('node:stream')
const host = require('../support/host')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request, pipeline } = require('../support/requests')

const differential = differentialFor(test)

differential('socket.write between the writes of a message', {
  async script ({ m, cb, socket, turn }) {
    m.setHeader('Content-Length', 8)
    m.write('1', cb(1))
    socket.write('2', cb('socket 2'))
    m.write('3', cb(3))
    await turn()
    socket.write('4', cb('socket 4'))
    m.write('5', cb(5))
    socket.write('6', cb('socket 6'))
    await turn()
    m.write('7')
    socket.write('8')
    m.end(cb('end'))
  },
  // Node 20's order of the head and a socket.write in the same tick is that of the calls.
  check (t, { bytes }) { t.true(bytes.toString().endsWith('12345678')) }
})

differential('socket.write of large chunks between large writes', {
  async script ({ m, cb, socket, turns }) {
    const size = 50_000
    m.setHeader('Content-Length', size * 6)
    m.write(Buffer.alloc(size, 'a'))
    socket.write(Buffer.alloc(size, 'b'))
    m.write('c'.repeat(size))
    socket.write('d'.repeat(size))
    await turns(2)
    m.write(Buffer.alloc(size, 'e'))
    socket.write(Buffer.alloc(size, 'f'))
    m.end(cb('end'))
  }
})

differential('a Proxy of the socket', {
  async script ({ m, cb, socket, turns }) {
    const proxy = new Proxy(socket, {})
    m.setHeader('Content-Length', 30_009)
    m.write('1', cb(1))
    proxy.write('2', cb('proxy 2'))
    m.write(Buffer.alloc(30_000, 'a'), cb('a'))
    proxy.cork()
    proxy.write('34')
    proxy.write('5')
    proxy.uncork()
    await turns(2)
    m.write('678')
    m.end('9')
    proxy.end()
  }
})

differential('socket.cork around writes', {
  async script ({ m, cb, socket, turn }) {
    socket.cork()
    m.write('a', cb('a'))
    socket.write('raw', cb('raw'))
    m.write('b', cb('b'))
    socket.uncork()
    await turn()
    m.end(cb('end'))
  },
  wire: 'exact'
})

differential('socket.end in the middle', {
  async script ({ m, cb, socket, turns }) {
    m.setHeader('Content-Length', 20)
    m.write('before', cb('before'))
    socket.end(cb('socket end'))
    m.write('after', cb('after'))
    await turns(2)
    m.end('end', cb('end'))
  }
})

differential('socket.end with a chunk', {
  async script ({ m, cb, socket }) {
    m.setHeader('Content-Length', 20)
    m.write('before', cb('before'))
    socket.end('last words', cb('socket end'))
  }
})

differential('socket.destroySoon after end', {
  script ({ m, cb, socket }) {
    m.write('x', cb('x'))
    m.end('y', cb('end'))
    socket.destroySoon()
  }
})

const STATES = {
  fresh: () => {},
  'head stored': ({ m }) => { m.writeHead(200) },
  'head flushed': async ({ m, turns }) => {
    m.flushHeaders()
    await turns(2)
  },
  'written in this tick': ({ m, cb }) => { m.write('x', cb('x')) },
  streaming: async ({ m, cb, turns }) => {
    m.write('x', cb('x'))
    await turns(2)
  },
  corked: ({ m, cb }) => {
    m.cork()
    m.write('x', cb('x'))
  },
  'ended in this tick': ({ m, cb }) => { m.end('x', cb('end')) },
  finished: async ({ m, res, cb, until }) => {
    m.end('x', cb('end'))
    await until(() => res.writableFinished && res.socket === null)
  }
}

const DESTROYS = {
  'destroy()': ({ m }) => { m.destroy() },
  'destroy(error)': ({ m }) => { m.destroy(new Error('mine')) },
  'destroy twice': ({ m }) => {
    m.destroy()
    m.destroy(new Error('second'))
  },
  'socket.destroy()': ({ socket }) => { socket.destroy() },
  'socket.resetAndDestroy()': ({ socket }) => { socket.resetAndDestroy?.() ?? socket.destroy() },
  'req.destroy()': ({ req }) => { req.destroy() }
}
for (const [state, reach] of Object.entries(STATES)) {
  for (const [how, destroy] of Object.entries(DESTROYS)) {
    differential(`${how} when ${state}`, {
      // After end(), Node's resetAndDestroy() fails with EINVAL and leaves the fd open.
      unless: (host.corkIsBroken && state === 'corked') ||
        (/^(ended|finished)/.test(state) && how.includes('reset')),
      wire: 'any',
      async script (exchange) {
        const { m, cb, snapshot, turns, socket } = exchange
        socket.on('error', (error) => exchange.note('socket error', [error]))
        await reach(exchange)
        destroy(exchange)
        snapshot('destroyed')
        m.write('late', cb('late write'))
        m.end('late', cb('late end'))
        await turns(3)
        snapshot('later')
        m.write('later', cb('later write'))
        m.end(cb('later end'))
        await turns(1)
        socket.destroy()
      }
    })
  }
}

differential('the client resets while the body streams', {
  async client (client, { request, exchanges, until }) {
    client.send(request)
    await client.until(({ text }) => text.includes('first'))
    client.reset()
    await client.closed
  },
  wire: 'any',
  async script ({ m, res, cb, until, snapshot }) {
    m.write('first', cb('first'))
    await until(() => res.destroyed)
    snapshot('reset')
    m.write('second', cb('second'))
    m.end('third', cb('end'))
  }
})

differential('the client half-closes and still gets its answer', {
  async client (client, { request, exchanges, until }) {
    client.send(request)
    client.halfClose()
    await client.closed
  },
  setup: (server) => { server.httpAllowHalfOpen = true },
  async script ({ m, cb, turns }) {
    await turns(3)
    m.write('a', cb('a'))
    await turns(2)
    m.end('b', cb('end'))
  }
})

differential('the client half-closes, half-open not allowed', {
  async client (client, { request }) {
    client.send(request)
    client.halfClose()
    await client.closed
  },
  async script ({ m, cb, turns }) {
    m.write('a', cb('a'))
    m.end('b', cb('end'))
  }
})

differential('the client half-closes before the answer, half-open not allowed', {
  async client (client, { request, exchanges, until }) {
    client.send(request)
    await until(() => exchanges.length === 1)
    client.halfClose()
    await client.closed
  },
  wire: 'any',
  async script ({ m, req, cb, until }) {
    await until(() => req.destroyed || req.socket.writableEnded)
    m.write('a', cb('a'))
    m.end('b', cb('end'))
  }
})

differential('setTimeout on a message, cleared, and its callback', {
  script ({ m, cb }) {
    m.setTimeout(60_000, cb('timeout'))
    m.setTimeout(0)
    m.end('x')
  }
})

differential('setTimeout fires on an idle message', {
  wire: 'any',
  async script ({ m, res, cb }) {
    m.write('x')
    await new Promise((resolve) => m.setTimeout(50, resolve))
    cb('timeout')()
    res.destroy()
  }
})

differential('setTimeout without a listener destroys', {
  wire: 'any',
  setup: (server) => { server.setTimeout(50) },
  async script ({ m, cb, socket }) {
    m.write('x', cb('x'))
    await new Promise((resolve) => socket.once('close', resolve))
  }
})

differential('detachSocket and assignSocket by hand', {
  async script ({ m, res, cb, socket, turns }) {
    m.write('a', cb('a'))
    await turns(2)
    m.detachSocket(socket)
    m.write('b', cb('b'))
    await turns(2)
    m.assignSocket(socket)
    m._flush()
    await turns(2)
    m.end('c', cb('end'))
  }
})

differential('a stream in the place of a socket gets strings as they are', {
  script ({ m, res, socket, note }) {
    res.detachSocket(socket)
    const given = []
    const sink = new Writable({
      decodeStrings: false,
      write (chunk, encoding, callback) {
        given.push([typeof chunk, encoding, String(chunk)])
        callback()
      }
    })
    res.setHeader('Date', 'now')
    res.assignSocket(sink)
    m.write('é漢')
    m.write('漢', 'utf16le')
    m.write(Buffer.from('bytes'))
    sink.on('finish', () => note('given', given))
    sink.end()
    socket.destroy()
  },
  // Node 26 joins them.
  unless: host.joinsTick,
  wire: 'any'
})

differential('assignSocket twice is an error', {
  script ({ m, socket }) {
    m.assignSocket(socket)
    m.end('x')
  }
})

differential('res.writable, res.pipe, res.getHeaders, res.connection', {
  script ({ m, res, socket, call }) {
    call('writable', () => res.writable)
    call('connection', () => res.connection === socket)
    call('socket', () => res.socket === socket)
    m.pipe(socket)
    m.getHeaders()
    m.writableHighWaterMark // eslint-disable-line no-unused-expressions
    call('writableHighWaterMark', () => res.writableHighWaterMark)
    m.end('x')
  }
})

differential('a readable piped into the response', {
  script ({ m, res }) {
    const { Readable } = require('node:stream')
    Readable.from([Buffer.from('one'), Buffer.from('two'), Buffer.alloc(30_000, 'x')]).pipe(res)
  }
})

differential('stream.pipeline into the response', {
  async script ({ res, cb }) {
    const { Readable, pipeline } = require('node:stream')
    const done = cb('pipeline')
    await new Promise((resolve) => {
      pipeline(Readable.from(['one', 'two', 'x'.repeat(30_000)]), res, (...args) => {
        done(...args)
        resolve()
      })
    })
  }
})

differential('stream.finished sees the end, and a destroy', {
  request: pipeline(2),
  async script ({ res, m, cb, index, turns }) {
    const { finished } = require('node:stream')
    finished(res, cb('finished'))
    m.write('x')
    await turns(1)
    if (index === 0) m.end()
    else m.destroy()
  },
  wire: 'any'
})

differential('an upgrade without a listener is an ordinary request', {
  request: request('GET', '/', { fields: ['Upgrade: x'] }),
  script: ({ m }) => { m.end('plain') }
})

for (const last of ['', 'more', Buffer.from('more')]) {
  for (const length of [true, false]) {
    differential(`end with ${JSON.stringify(last)} in the tick of a socket.destroy, ${length ? 'under a length' : 'chunked'}`, {
      async script ({ m, cb, socket, turns }) {
        if (length) m.setHeader('Content-Length', 9)
        m.write('begin')
        await turns(2)
        socket.destroy()
        m.end(last, cb('end'))
        await turns(2)
      },
      wire: 'any'
    })
  }
}

for (const [what, destroy] of Object.entries({
  message: ({ m }) => m.destroy(),
  socket: ({ socket }) => socket.destroy()
})) {
  for (const length of [true, false]) {
    differential(`write, destroy of the ${what} and end in one tick, ${length ? 'under a length' : 'chunked'}`, {
      async script (exchange) {
        const { m, res, cb, call, turns } = exchange
        const look = (label) => call(label, () => JSON.stringify([res.writableFinished, res.writableLength !== 0, res._headerSent]))
        if (length) m.setHeader('Content-Length', 1)
        m.write('a')
        destroy(exchange)
        look('destroyed')
        m.end(cb('end'))
        look('ended')
        await turns(2)
        look('turned')
      },
      // Node 26 keeps chunks, and the head, for itself until the tick is over.
      unless: host.joinsTick && !length,
      wire: 'any'
    })
  }
}

for (const [name, chunk] of Object.entries({ string: 'a', Buffer: Buffer.from('a') })) {
  for (const version of ['1.0', '1.1']) {
    differential(`write of a ${name} to a socket that is destroyed, then end, HTTP/${version}`, {
      request: request('GET', '/', { version }),
      async script ({ m, cb, socket, snapshot, turns }) {
        socket.destroy()
        m.write(chunk)
        snapshot('written')
        m.end(cb('end'))
        snapshot('ended')
        await turns(2)
      },
      wire: 'any'
    })
  }
}

differential('a handle that has left its socket takes nothing more', {
  variants: VARIANTS.filter(({ transport }) => transport !== 'tls'),
  async script ({ m, cb, res, socket, turns }) {
    socket.on('error', () => {})
    m.setHeader('Content-Length', 100)
    m.write('one ', cb(1))
    m.write('two ', cb(2))
    await turns(3)
    const handle = socket._handle
    socket._handle = null
    socket.write('three', cb('socket'))
    m.write('four')
    await turns(3)
    res.destroy()
    handle.close()
  }
})

differential("a message on a socket whose turn is another's keeps what it has", {
  script ({ m, req, res, socket, note }) {
    const another = new res.constructor(req)
    another.socket = socket
    another.end('another')
    note('queued', [another.outputData.length])
    m.end('in its turn')
  }
})

differential('a handle that moves to another socket of HTTP', {
  variants: VARIANTS.filter(({ transport }) => transport !== 'tls'),
  async script ({ m, index, socket, turns, note }) {
    m.setHeader('Content-Length', 100)
    if (index === 1) {
      m.write('three ')
      m.write('four')
      await turns(3)
      const handle = socket._handle
      socket.destroy()
      return note('descriptor', [handle.fd < 0])
    }
    m.write('one ')
    m.write('two ')
    await turns(3)
    const { server } = socket
    const handle = socket._handle
    socket._handle = null
    handle.readStop()
    const another = new net.Socket({ handle, readable: true, writable: true })
    server.emit('connection', another)
    another.parser.execute(Buffer.from(request('GET', '/again')))
  }
})

differential('the sink of a socket is wrapped between two writes', {
  async script ({ m, socket, turns, note }) {
    m.setHeader('Content-Length', 12)
    m.write('one ')
    m.write('two ')
    await turns(3)
    let seen = ''
    for (const name of ['_write', '_writev']) {
      const behind = socket[name]
      socket[name] = function (chunks, ...rest) {
        for (const { chunk } of Array.isArray(chunks) ? chunks : [{ chunk: chunks }]) seen += chunk
        return behind.call(this, chunks, ...rest)
      }
    }
    m.write('3 ')
    m.write('4 ')
    await turns(3)
    note('seen', [seen])
    m.end()
    note('own', [Object.hasOwn(socket, '_write')])
  }
})
