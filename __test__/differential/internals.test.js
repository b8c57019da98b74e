'use strict'

// The fields with an underscore and their like, which other people's code
// reads and writes: what it sees and causes is what it sees and causes on Node.

const test = require('ava')
const host = require('../support/host')
const { differentialFor, VARIANTS } = require('../support/differential')
const { maskDate } = require('../support/normalise')
const { request } = require('../support/requests')
const { withoutTransport } = require('../support/internals')

const differential = differentialFor(test)

/** Notes the fields as the program reads them. */
function read ({ res, note, call }, label) {
  call(`read ${label}`, () => JSON.stringify(withoutTransport(res), (_, value) => maskDate(value)))
}

const LIVES = {
  'write, write, end' ({ m }, look) {
    look('made')
    m.write('one')
    look('written')
    m.write('two')
    m.end()
    look('ended')
  },
  'a declared length' ({ m }, look) {
    m.setHeader('Content-Length', 6)
    look('set')
    m.writeHead(200)
    look('head')
    m.write('one')
    m.end('two')
    look('ended')
  },
  'end alone' ({ m }, look) {
    m.end('whole')
    look('ended')
  },
  'end without a body' ({ m }, look) {
    m.end()
    look('ended')
  },
  'no body allowed' ({ m }, look) {
    m.writeHead(204)
    look('head')
    m.end()
    look('ended')
  },
  'flushHeaders' ({ m }, look) {
    m.flushHeaders()
    look('flushed')
    m.end('x')
    look('ended')
  },
  corked ({ m }, look) {
    m.cork()
    look('corked')
    m.uncork()
    look('uncorked')
    m.end('x')
  },
  destroyed ({ m }, look) {
    m.destroy()
    look('destroyed')
  }
}

for (const [life, script] of Object.entries(LIVES)) {
  for (const method of ['GET', 'HEAD']) {
    differential(`fields as read, ${method}: ${life}`, {
      request: request(method),
      script (exchange) {
        script(exchange, (label) => read(exchange, label))
        exchange.res.on('finish', () => read(exchange, 'at finish'))
        exchange.res.on('close', () => read(exchange, 'at close'))
      },
      wire: life === 'destroyed' ? 'any' : 'exact'
    })
  }
}

/** [title, what the program does before it writes] */
/** What a tick's pieces go through one by one, but on Node 26, which joins them. */
const UNJOINED = { variants: VARIANTS.filter(({ backpressure }) => !host.joinsTick || backpressure === 'high-water-mark') }

const WRITTEN = [
  ['_hasBody = false', (res) => { res._hasBody = false }],
  ['chunkedEncoding = true', (res) => { res.chunkedEncoding = true }],
  ['useChunkedEncodingByDefault = false', (res) => { res.useChunkedEncodingByDefault = false }],
  ['shouldKeepAlive = false', (res) => { res.shouldKeepAlive = false }],
  ['sendDate = false', (res) => { res.sendDate = false }],
  ['_last = true', (res) => { res._last = true }],
  ['_defaultKeepAlive = false', (res) => { res._defaultKeepAlive = false }],
  ['_removedTE = true', (res) => { res._removedTE = true }],
  ['_removedConnection = true', (res) => { res._removedConnection = true }],
  ['_removedContLen = true', (res) => { res._removedContLen = true }],
  ['_contentLength = 3', (res) => { res._contentLength = 3 }],
  ['_keepAliveTimeout = 0', (res) => { res._keepAliveTimeout = 0 }],
  ['_trailer', (res) => { res._trailer = 'X-Last: 1\r\n' }],
  ['_header by hand', (res) => { res._header = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n'; res._last = true }],
  ['_headerSent = true', (res) => { res._header = 'x'; res._headerSent = true; res._last = true }],
  ['_header changed after writeHead', (res) => {
    res.writeHead(200, { 'Content-Length': 6 })
    res._header = res._header.replace('200 OK', '200 Okay')
  }],
  ['_storeHeader', (res) => { res._storeHeader('HTTP/1.1 299 Own\r\n', { 'X-Own': '1' }) }],
  ['_storeHeader with pairs', (res) => { res._storeHeader('HTTP/1.1 299 Own\r\n', [['X-Own', '1'], ['Content-Length', '6']]) }],
  ['_implicitHeader', (res) => { res._implicitHeader() }],
  ['_implicitHeader replaced', (res) => { res._implicitHeader = function () { this.writeHead(203, 'Own') } }],
  ['chunkedEncoding switched off after writeHead', (res) => { res.writeHead(200); res.chunkedEncoding = false; res._last = true }],
  ['_hasBody switched off after writeHead', (res) => { res.writeHead(200, { 'Content-Length': 0 }); res._hasBody = false }],
  ['_send replaced', (res) => {
    const { _send } = res
    res._send = function (chunk, ...rest) { return _send.call(this, chunk, ...rest) }
  }],
  ['_send replaced by one that changes what is sent', (res, { note }) => {
    const { _send } = res
    res._send = function (chunk, ...rest) {
      note('_send', [String(chunk).length])
      return _send.call(this, typeof chunk === 'string' ? chunk.replace('one', 'eno') : chunk, ...rest)
    }
  }, UNJOINED],
  ['_writeRaw replaced', (res, { note }) => {
    const { _writeRaw } = res
    res._writeRaw = function (...values) {
      note('_writeRaw')
      return _writeRaw.apply(this, values)
    }
  }, UNJOINED],
  ['_finish replaced', (res, { note }) => {
    const { _finish } = res
    res._finish = function () {
      note('_finish')
      _finish.call(this)
    }
  }],
  ['outputData = []', (res) => { res.outputData = [] }],
  ['_writeRaw by hand before the head', (res) => { res._writeRaw('HTTP/1.1 102 Processing\r\n\r\n', 'latin1') }],
  ['_send by hand after the head', (res) => { res.writeHead(200, { 'Content-Length': 9 }); res._send('own', 'latin1') }],
  ['_onPendingData replaced', (res) => { res._onPendingData = () => {} }],
  ['foreign fields', (res) => { res._startAt = 1; res.__onFinished = null; res.locals = {} }]
]

for (const [title, prepare, options] of WRITTEN) {
  differential(`written: ${title}; write, write, end`, {
    ...options,
    script (exchange) {
      const { m, res, call, cb } = exchange
      call('prepare', () => prepare(res, exchange))
      m.write('one', cb('one'))
      read(exchange, 'after write')
      m.write('two')
      m.end(cb('end'))
      read(exchange, 'after end')
    }
  })
  differential(`written: ${title}; end alone`, {
    ...options,
    script (exchange) {
      const { m, res, call, cb } = exchange
      call('prepare', () => prepare(res, exchange))
      m.end('onetwo', cb('end'))
      read(exchange, 'after end')
    }
  })
}

for (const [title, write] of Object.entries({
  'finished = true': (res) => { res.finished = true },
  'socket = null': (res) => { res.socket = null },
  'connection = null': (res) => { res.connection = null },
  'outputData = [] while it waits for its turn': (res) => { res.outputData = [] }
})) {
  differential(`written in the middle of a body: ${title}`, {
    request: request('GET', '/0', { close: false }) + request('GET', '/1'),
    wire: 'any',
    async script (exchange) {
      const { m, res, index, exchanges, turns, call, req } = exchange
      if (index === 0) return
      for (const { m } of exchanges) m.write('before')
      await turns(2)
      const one = title.includes('turn') ? res : exchanges[0].res
      call('write', () => { write(one) })
      for (const { m } of exchanges) m.write('behind')
      read(exchange, 'behind')
      await turns(2)
      m.end()
      exchanges[0].m.end()
      await turns(2)
      for (const exchange of exchanges) read(exchange, 'ended')
      req.socket.destroy()
    }
  })
}

differential('_send and _writeRaw between writes keep their place', {
  // Node 26 lets them overtake what it joins; ours does so in the host's mode alone.
  ...UNJOINED,
  script ({ m, cb }) {
    m.write('one', cb('one'))
    m._send('3\r\nraw\r\n', 'latin1', cb('_send'))
    m.write('two', cb('two'))
    m._writeRaw('4\r\nraw2\r\n', 'latin1', cb('_writeRaw'))
    m.end('three', cb('end'))
  }
})

differential('_send and _writeRaw of Buffers, with every form of arguments', {
  script ({ m, cb }) {
    m.writeHead(200, { 'Content-Length': 12 })
    m._send(Buffer.from('one'))
    m._send(Buffer.from('two'), cb('second'))
    m._writeRaw(Buffer.from('thr'), null, cb('third'))
    m._writeRaw(Buffer.from('fou'), cb('fourth'))
    m.end()
  }
})

differential('the socket leads to the message, and the message to the socket', {
  async script ({ m, res, call, turns }) {
    const { socket } = res
    const look = (label) => call(label, () => [
      socket._httpMessage === res, res.socket === socket, res.connection === socket, Object.hasOwn(res, 'req')
    ])
    look('made')
    m.write('x')
    look('written')
    m.end()
    look('ended')
    res.on('finish', () => look('finish'))
    res.on('close', () => look('close'))
    await turns(3)
  }
})

differential('connection can be set, and is socket', {
  script ({ m, res, call }) {
    call('set', () => {
      const { socket } = res
      res.connection = socket
      return res.socket === socket
    })
    m.end('x')
  }
})

differential('_flush, _flushOutput and _finish are there to be called', {
  script ({ m, res, call }) {
    m.write('one')
    call('_flush', () => res._flush())
    call('types', () => ['_flush', '_flushOutput', '_finish', '_send', '_writeRaw', '_storeHeader', '_implicitHeader', '_renderHeaders',
      'assignSocket', 'detachSocket'].map((name) => typeof res[name]))
    m.end('two')
  }
})

differential('_headers and _headerNames, where the host has them', {
  script ({ m, res, call }) {
    m.setHeader('X-One', '1')
    call('_headers', () => '_headers' in res && JSON.stringify(res._headers))
    call('_headerNames', () => '_headerNames' in res && JSON.stringify(res._headerNames))
    call('set', () => { if ('_headers' in res) res._headers = { 'X-Two': '2' } })
    call('getHeaders', () => JSON.stringify(res.getHeaders()))
    m.end('x')
  }
})

test('the fields are the same ones, on the instance and on the prototypes', (t) => {
  const { stock, subject } = require('../support/subject')
  const req = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} }
  const names = (Class) => {
    const all = new Set()
    for (let at = new Class(req); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) all.add(name)
    }
    return all
  }
  for (const name of ['ServerResponse', 'OutgoingMessage']) {
    const ours = names(subject[name])
    t.deepEqual([...names(stock[name])].filter((field) => !ours.has(field)), [])
    t.deepEqual(Object.keys(new subject[name](req)), Object.keys(new stock[name](req)))
  }
})
