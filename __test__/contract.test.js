'use strict'

// The seven points of the contract of `write`, over real sockets, through the
// public API. Where Node has an answer, differential/ compares with it too.

const http = require('node:http')
const { Duplex } = require('node:stream')
const test = require('ava')
const sluice = require('..')
const host = require('./support/host')
const { observe } = require('./support/observe')
const { request } = require('./support/requests')
const { subject, selfCheck } = require('./support/subject')
const { deferred } = require('./support/event-loop')
const { RawClient } = require('./support/raw-client')
const { listen, closeServer } = require('./support/servers')
const { parseResponse, parseResponses } = require('./support/response-parser')

/** For what Node doesn't do. */
const ours = selfCheck ? test.skip : test

const MODES = ['kernel', 'high-water-mark']
const TRANSPORTS = host.isWindows ? ['tcp', 'tls'] : ['tcp', 'unix', 'tls']

const callNames = ({ log }) => log.filter(({ name }) => name.startsWith('callback')).map(({ name }) => name)

for (const transport of TRANSPORTS) {
  for (const backpressure of MODES) {
    const variant = { transport, backpressure }
    const title = (text) => `${text} (${transport}, ${backpressure})`
    const serve = (script, more) => observe(subject, { script, ...more }, variant)

    test(title('1. write makes the head by _implicitHeader, once'), async (t) => {
      let made = 0
      const { bytes } = await serve(({ res, m }) => {
        res._implicitHeader = function () {
          made++
          this.writeHead(202, { 'X-Implicit': 'yes' })
        }
        m.write('a')
        m.write('b')
        m.end()
      })
      const response = parseResponse(bytes)
      t.is(made, 1)
      t.is(response.status, 202)
      t.is(response.body.toString(), 'ab')
    })

    test(title('1. a head that is there is not made again'), async (t) => {
      await serve(({ res, m }) => {
        res._implicitHeader = () => t.fail('the head was there')
        m.writeHead(200)
        m.write('a')
        m.end()
      })
      t.pass()
    })

    for (const [method, status] of [['HEAD', 200], ['GET', 204], ['GET', 304]]) {
      test(title(`2. no body for ${method} ${status}: ignored, true, the callback runs later`), async (t) => {
        const { bytes, exchanges } = await serve(async ({ m, res, cb, turn }) => {
          res.statusCode = status
          m.write('body', cb(1))
          m.write(Buffer.alloc(100_000), cb(2))
          await turn()
          t.is(res.writableLength, 0)
          m.end('more', cb('end'))
        }, { request: request(method) })
        const [{ returns, log }] = exchanges
        t.deepEqual(returns.slice(0, 2).map(({ result }) => result), [true, true])
        t.deepEqual(callNames({ log }), ['callback 1', 'callback 2', 'callback end'])
        t.true(log.filter(({ name }) => name.startsWith('callback')).every(({ during }) => during === null))
        t.is(parseResponse(bytes, method).body.length, 0)
        t.true(bytes.toString('latin1').endsWith('\r\n\r\n'))
      })

      test(title(`2. no body for ${method} ${status}: an error where the server rejects`), async (t) => {
        const { bytes, exchanges } = await serve(({ m, res }) => {
          res.statusCode = status
          m.write('body')
          m.end()
        }, { request: request(method), serverOptions: { rejectNonStandardBodyWrites: true } })
        t.is(exchanges[0].returns[0].result.thrown?.code, 'ERR_HTTP_BODY_NOT_ALLOWED')
        t.is(parseResponse(bytes, method).body.length, 0)
      })
    }

    test(title('4. chunked: each write is one chunk'), async (t) => {
      const { bytes } = await serve(async ({ m, turn }) => {
        m.write('one')
        m.write('')
        m.write('é')
        await turn()
        m.write(Buffer.alloc(70_000, 'x'))
        m.end('last')
      })
      const { framing, chunks, body } = parseResponse(bytes)
      t.is(framing, 'chunked')
      t.is(body.toString(), `oneé${'x'.repeat(70_000)}last`)
      // Stock Node 26 joins chunks of one tick, and so does its answer for sluice.
      const joins = host.joinsTick && (selfCheck || backpressure === 'high-water-mark')
      if (!joins) t.deepEqual(chunks.map(({ length }) => length), [3, 2, 70_000, 4])
    })

    test(title('4. not chunked: as it is'), async (t) => {
      const { bytes } = await serve(({ m }) => {
        m.setHeader('Content-Length', 7)
        m.write('one')
        m.end('last')
      })
      const { framing, body } = parseResponse(bytes)
      t.is(framing, 'length')
      t.is(body.toString(), 'onelast')
    })

    test(title('5. the head leaves with the first chunk, later chunks on their own'), async (t) => {
      const pieces = []
      await serve(async ({ m, turns }) => {
        m.setHeader('X-A', 'b')
        await turns(3)
        m.write('first')
      }, {
        clientOptions: { onPiece: (piece) => pieces.push(piece.toString('latin1')) },
        async client (client, { exchanges }) {
          client.send(request())
          await client.until(({ text }) => text.includes('first'))
          t.is(pieces.length, 1)
          const [{ m }] = exchanges
          for (const word of ['second', 'third']) {
            m.write(word)
            await client.until(({ text }) => text.includes(word))
          }
          m.end()
          await client.closed
        }
      })
      t.regex(pieces[0], /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n5\r\nfirst\r\n$/)
    })

    test(title('5. end with one chunk: head and body in one packet'), async (t) => {
      const pieces = []
      await serve(({ m }) => { m.end('all of it') }, {
        clientOptions: { onPiece: (piece) => pieces.push(piece.toString('latin1')) }
      })
      t.is(pieces.length, 1)
      t.regex(pieces[0], /\r\nContent-Length: 9\r\n[^]*\r\nall of it$/)
    })

    test(title('7. callbacks: once, in order, never synchronously, before drain of nothing'), async (t) => {
      const { exchanges } = await serve(async ({ m, cb, turns }) => {
        for (let n = 0; n < 20; n++) {
          m.write(n % 3 === 0 ? Buffer.alloc(n * 5000) : 'é'.repeat(n), cb(n))
          if (n % 7 === 0) await turns(1)
        }
        m.end('end', cb('end'))
      })
      const [{ log }] = exchanges
      t.deepEqual(callNames({ log }), [...Array(20).keys(), 'end'].map((n) => `callback ${n}`))
      for (const { name, args, during } of log) {
        if (!name.startsWith('callback')) continue
        t.is(during, null, name)
        t.true(args.length === 0 || args[0] === null || args[0] === '<undefined>', name)
      }
    })

    // In that mode the host's sockets keep the host's habits.
    const isLost = host.losesCallbacks && backpressure === 'high-water-mark'
    const unlessLost = isLost ? test.skip : test
    unlessLost(title('7. an Error when the bytes never get there'), async (t) => {
      const errors = []
      await serve(async ({ m, res, until }) => {
        // More than any kernel takes: the client reads nothing of it.
        for (let n = 0; n < 40; n++) m.write(Buffer.alloc(1 << 20), (error) => errors.push([n, error]))
        res.destroy()
        await until(() => errors.length === 40)
      }, {
        clientOptions: { paused: true },
        async client (client, { exchanges, until }) {
          client.send(request())
          await until(() => exchanges.length === 1 && exchanges[0].res.destroyed)
          client.resume()
          await client.closed
        },
        wire: 'any'
      })
      t.deepEqual(errors.map(([n]) => n), [...Array(40).keys()])
      t.true(errors.at(-1)[1] instanceof Error)
      // Once one chunk is lost, every later one is.
      const lost = errors.findIndex(([, error]) => error instanceof Error)
      t.true(errors.slice(lost).every(([, error]) => error instanceof Error))
    })
  }
}

// 3. Encodings.

/** [label, text, bytes as the Encoding Standard's tables give them]. */
const BEYOND_NODE = [
  ['gbk', '中文', 'd6d0cec4'],
  ['GB2312', '中文', 'd6d0cec4'],
  ['gb18030', '😀中', '9439fc36d6d0'],
  ['big5', '中文', 'a4a4a4e5'],
  ['shift_jis', '日本', '93fa967b'],
  ['Shift-JIS', 'ア', '8341'],
  ['euc-jp', '日本', 'c6fccbdc'],
  ['iso-2022-jp', '日本', '1b2442467c4b5c1b2842'],
  ['euc-kr', '한국', 'c7d1b1b9'],
  ['windows-1252', '€é', '80e9'],
  ['windows-1251', 'Привет', 'cff0e8e2e5f2'],
  ['koi8-r', 'Привет', 'f0d2c9d7c5d4'],
  ['iso-8859-2', 'ž', 'be'],
  ['iso-8859-15', '€', 'a4'],
  ['macintosh', 'é', '8e'],
  ['ibm866', 'Я', '9f']
]
for (const [label, text, hex] of BEYOND_NODE) {
  ours(`3. ${label} in write and in end`, async (t) => {
    const { bytes, methods } = await observe(subject, {
      request: request('GET', '/1', { close: false }) + request('GET', '/2'),
      script ({ m, index }) {
        if (index === 0) m.write(text, label)
        m.end(text, label)
      }
    })
    const [streamed, whole] = parseResponses(bytes, methods)
    t.is(streamed.chunks[0].toString('hex'), hex)
    t.is(streamed.body.toString('hex'), hex + hex)
    t.is(whole.framing, 'length')
    t.is(whole.body.toString('hex'), hex)
  })
}

// The host writes these: the chunk that it is given is bytes, and it must not see the label.
for (const backpressure of MODES) {
  for (const streams of [false, true]) {
    ours(`3. gbk in the first ${streams ? 'streamed' : 'whole'} response of a socket (${backpressure})`, async (t) => {
      const { bytes, methods } = await observe(subject, {
        request: request('GET', '/'),
        script ({ m }) {
          if (streams) m.write('中', 'gbk')
          m.end('文', 'gbk')
        }
      }, { backpressure })
      const [{ body, framing }] = parseResponses(bytes, methods)
      t.is(framing, streams ? 'chunked' : 'length')
      t.is(body.toString('hex'), streams ? 'd6d0cec4' : 'cec4')
    })
  }
}

/** Labels of Node's encodings that Node doesn't know, text that it would abort on, and labels beside bytes. */
const LABELLED = [
  ['x€', 'utf-16', '7800ac20'],
  ['x€', 'unicode', '7800ac20'],
  ['€', 'unicode-1-1-utf-8', 'e282ac'],
  ['€', ' utf8 ', 'e282ac'],
  ['中', ' gbk ', 'd6d0'],
  ['中', 'gb2312', 'd6d0'],
  ['abc', 'hex', 'ab'],
  ['zz', 'hex', ''],
  ['aGk', 'base64', '6869'],
  [Buffer.from('bytes'), 'gbk', '6279746573'],
  [Buffer.from('bytes'), 'buffer', '6279746573'],
  [Buffer.from('bytes'), 'hex', '6279746573']
]
/** The ways that a message's bytes can take. */
const LANES = {
  'first and whole': { script: ({ m }, ...chunk) => { m.end(...chunk) } },
  streamed: { script ({ m, cb }, ...chunk) { m.write(...chunk); m.write(...chunk, cb('written')); m.end(...chunk) }, times: 3 },
  'behind another of the pipeline': {
    requests: request('GET', '/0', { close: false }) + request('GET', '/1'),
    async script ({ m, cb, index, exchanges, turns }, ...chunk) {
      if (index === 0) return
      m.write(...chunk)
      m.write(...chunk, cb('written'))
      m.end(...chunk)
      await turns(2)
      exchanges[0].m.end()
    },
    times: 3
  },
  corked: { script ({ m }, ...chunk) { m.cork(); m.write(...chunk); m.write(...chunk); m.uncork(); m.end() }, times: 2 }
}
for (const [lane, { requests = request(), script, times = 1 }] of Object.entries(LANES)) {
  for (const transport of ['tcp', 'unix', 'tls']) {
    for (const backpressure of MODES) {
      const variant = { transport, backpressure }
      ours(`3. labels and bytes, ${lane} (${transport}, ${backpressure})`, async (t) => {
        for (const [chunk, label, hex] of LABELLED) {
          const { bytes, methods, exchanges } = await observe(subject, {
            request: requests, script: (exchange) => script(exchange, chunk, label)
          }, variant)
          const said = `${JSON.stringify(chunk)} as ${JSON.stringify(label)}`
          t.is(parseResponses(bytes, methods).at(-1).body.toString('hex'), hex.repeat(times), said)
          t.deepEqual(exchanges.at(-1).returns.filter(({ result }) => result?.thrown), [], said)
        }
        for (const chunk of ['x', Buffer.from('x')]) {
          const { bytes, methods, exchanges } = await observe(subject, {
            request: requests,
            script (exchange) {
              exchange.m.write(chunk, 'no-such')
              return script(exchange, 'good', 'utf8')
            }
          }, variant)
          const last = exchanges.at(-1)
          t.is(last.returns[0].result.thrown?.code, 'ERR_UNKNOWN_ENCODING')
          t.is(parseResponses(bytes, methods).at(-1).body.toString(), 'good'.repeat(times))
        }
      })
    }
  }
}

const NODE_ENCODINGS = [
  'utf8', 'utf-8', 'UTF-8', 'ucs2', 'ucs-2', 'utf16le', 'UTF-16LE', 'latin1', 'binary', 'ascii',
  'base64', 'base64url', 'hex', 'HEX', 'Base64'
]
const TEXTS = [
  'plain', 'grüße', '漢字', '😀', '\ud800 lone \udfff', '\0', '', 'abc', 'abcde', 'a b\nc=', '-_+/==', 'zz', 'f', 'ff0', 'ffzz00',
  'aGVsbG8', 'aGVsbG8=', 'aGVsbG8==x', 'é'.repeat(3000), '😀'.repeat(20_000), 'x'.repeat(70_000)
]
for (const encoding of NODE_ENCODINGS) {
  // Node itself sends wrong lengths, or aborts, where base64 or hex is not well formed.
  ours(`3. ${encoding}: the bytes of Buffer.from, and their length`, async (t) => {
    const { bytes, methods } = await observe(subject, {
      request: TEXTS.map((_, n) => request('GET', `/${n}`, { close: n === TEXTS.length - 1 })).join(''),
      script ({ m, index }) {
        const text = TEXTS[index]
        if (index % 2 === 0) {
          m.write(text, encoding)
          m.end(text, encoding)
        } else {
          m.end(text, encoding)
        }
      }
    })
    for (const [n, { body }] of parseResponses(bytes, methods).entries()) {
      const once = Buffer.from(TEXTS[n], encoding)
      t.deepEqual(body, n % 2 === 0 ? Buffer.concat([once, once]) : once, JSON.stringify(TEXTS[n].slice(0, 20)))
    }
  })
}

for (const label of ['no-such-encoding', 'utf9', 'x-user-defined!', 'gbk2', 'replacement']) {
  ours(`3. the unknown encoding ${label} throws before a byte is sent`, async (t) => {
    const { bytes, methods, exchanges } = await observe(subject, {
      request: request('GET', '/1', { close: false }) + request('GET', '/2', { close: false }) + request('GET', '/3'),
      async script ({ m, turns, index }) {
        if (index === 1) m.write('before')
        if (index === 1) await turns(2)
        if (index < 2) m.write('bad', label)
        else m.end('bad', label)
        await turns(2)
        m.end('good')
      }
    })
    const [first, second, third] = parseResponses(bytes, methods)
    t.is(first.body.toString(), 'good')
    t.is(second.body.toString(), 'beforegood')
    t.is(third.body.toString(), 'good')
    for (const { returns } of exchanges) {
      const thrown = returns.map(({ result }) => result.thrown).find(Boolean)
      t.is(thrown?.code, 'ERR_UNKNOWN_ENCODING')
      t.is(thrown?.error, 'TypeError')
      t.is(thrown?.message, `Unknown encoding: ${label}`)
    }
  })
}

ours('3. isEncoding', (t) => {
  const { isEncoding } = require('../index.js')
  for (const label of [...NODE_ENCODINGS, ...BEYOND_NODE.map(([label]) => label)]) t.true(isEncoding(label), label)
  for (const label of ['utf9', '', 'no', undefined, null, 5, {}, 'replacement']) t.false(isEncoding(label), String(label))
})

for (const [name, chunk, code] of [
  ['null', null, 'ERR_STREAM_NULL_VALUES'],
  ['undefined', undefined, 'ERR_INVALID_ARG_TYPE'],
  ['a number', 1, 'ERR_INVALID_ARG_TYPE'],
  ['an object', {}, 'ERR_INVALID_ARG_TYPE'],
  ['a DataView', new DataView(new ArrayBuffer(2)), 'ERR_INVALID_ARG_TYPE'],
  ['a Uint16Array', new Uint16Array(2), 'ERR_INVALID_ARG_TYPE'],
  ['an ArrayBuffer', new ArrayBuffer(2), 'ERR_INVALID_ARG_TYPE']
]) {
  test(`3. ${name} is not a chunk`, async (t) => {
    const { bytes, exchanges } = await observe(subject, {
      script ({ m }) {
        m.write(chunk)
        m.end('good')
      }
    })
    t.is(exchanges[0].returns[0].result.thrown?.code, code)
    t.is(parseResponse(bytes).body.toString(), 'good')
  })
}

for (const [name, label] of Object.entries({ 'an object': {}, 'an array': [1], 'a number': 5, 'an unknown name': 'q' })) {
  test(`3. ${name} is no encoding: Node's own error`, (t) => {
    const thrown = (Response) => {
      const res = new Response({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 })
      res.assignSocket(new Duplex({ decodeStrings: false, read () {}, write (chunk, encoding, callback) { callback() } }))
      const { name, code, message } = t.throws(() => res.write('a', label), { any: true })
      return { name, code, message }
    }
    t.deepEqual(thrown(sluice.ServerResponse), thrown(http.ServerResponse))
  })
}

// The ways in.

for (const error of [undefined, new Error('mine')]) {
  // Node 26 does; Node up to 24 forgets the callback.
  ours(`7. a write to a socket that was destroyed ${error ? 'with an error gets it' : 'gets ERR_STREAM_DESTROYED'}`, async (t) => {
    const errors = []
    await observe(subject, {
      async script ({ res, socket, turns }) {
        socket.on('error', () => {})
        res.write('before')
        socket.destroy(error)
        t.false(res.write('late', (given) => errors.push(given)))
        t.is(errors.length, 0)
        await turns(2)
      }
    }, { transport: 'tcp', backpressure: 'kernel' })
    t.is(errors.length, 1)
    if (error) t.is(errors[0], error)
    else t.is(errors[0].code, 'ERR_STREAM_DESTROYED')
  })
}

for (const [title, error] of [['', undefined], [' with an error', new Error('mine')]]) {
  ours(`7. callbacks of a response that is destroyed${title} while it waits for its turn`, async (t) => {
    const told = []
    const closed = deferred()
    const server = subject.createServer((req, res) => {
      if (req.url === '/0') return setImmediate(() => res.end('first'))
      res.on('error', () => {})
      res.on('close', () => { told.push('close'); closed.resolve() })
      res.write('a', (error) => told.push(['a', error?.message]))
      res.write(Buffer.from('b'), (error) => told.push(['b', error?.message]))
      res.destroy(error)
    })
    const client = await RawClient.connect(await listen(server))
    client.send(request('GET', '/0', { close: false }) + request('GET', '/1'))
    await Promise.all([closed.promise, client.closed])
    // The first has its answer, and the peer does not wait for ever for the second.
    t.true(client.text.endsWith('first'))
    const message = error?.message ?? 'Cannot call write after a stream was destroyed'
    t.deepEqual(told, [['a', message], ['b', message], 'close'])
    await closeServer(server)
    subject.release?.()
  })
}

test("createServer's own ServerResponse is ours, unless the options have another", async (t) => {
  const sluice = require('..')
  class Mine extends sluice.ServerResponse {}
  for (const [options, expected] of [[{}, sluice.ServerResponse], [{ ServerResponse: undefined }, sluice.ServerResponse], [{ ServerResponse: Mine }, Mine]]) {
    let made
    const server = sluice.createServer(options, (req, res) => {
      made = res.constructor
      res.end()
    })
    const client = await RawClient.connect(await listen(server))
    client.send(request())
    await client.closed
    t.is(made, expected)
    await closeServer(server)
  }
})

test('http.createServer({ ServerResponse }) takes the class and subclasses of it', async (t) => {
  class Shouting extends subject.ServerResponse {
    write (chunk, ...rest) { return super.write(chunk.toUpperCase(), ...rest) }
  }
  for (const ServerResponse of [subject.ServerResponse, Shouting]) {
    const server = http.createServer({ ServerResponse }, (req, res) => {
      t.true(res instanceof ServerResponse)
      t.true(res instanceof http.ServerResponse)
      t.true(res instanceof http.OutgoingMessage)
      res.write('hello')
      res.end()
    })
    const client = await RawClient.connect(await listen(server))
    client.send(request())
    await client.closed
    t.is(parseResponse(client.bytes).body.toString(), ServerResponse === Shouting ? 'HELLO' : 'hello')
    await closeServer(server)
  }
})
