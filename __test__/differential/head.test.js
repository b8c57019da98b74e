'use strict'

const test = require('ava')
const http = require('node:http')
const sluice = require('../..')
const { differentialFor } = require('../support/differential')
const { request, pipeline } = require('../support/requests')

const differential = differentialFor(test)

const WRITE_HEAD_FORMS = {
  'status only': [201],
  'status as a string': ['202'],
  'status with a fraction': [200.7],
  'status and reason': [200, 'Fine'],
  'empty reason': [200, ''],
  'reason undefined': [200, undefined, { a: 'b' }],
  'unknown status': [299],
  'status and object': [200, { 'X-One': '1', 'x-two': 2 }],
  'status, reason, object': [418, 'Short and stout', { a: 'b' }],
  'flat array': [200, ['X-One', '1', 'X-Two', '2', 'X-One', '3']],
  'flat array with an odd length': [200, ['X-One', '1', 'X-Two']],
  'array of pairs': [200, [['X-One', '1'], ['X-Two', '2']]],
  'array values': [200, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Many': ['1', '2'], Cookie: ['a', 'b'] }],
  'cookies with holes': [200, { Cookie: ['a', null, undefined, 'b'] }],
  'one cookie that is null': [200, { Cookie: [null] }],
  'a list with undefined': [200, { 'X-Many': ['a', undefined] }],
  'a list with null': [200, { 'X-Many': ['a', null] }],
  'an object with valueOf': [200, { 'X-Since': { valueOf: () => 1700000000000, toString: () => 'Tue' } }],
  'a list of such': [200, { 'X-Since': [{ valueOf: () => 17, toString: () => 'Tue' }], Cookie: ['a', { valueOf: () => 17, toString: () => 'Tue' }] }],
  'a Date': [200, { 'X-Since': new Date(0) }],
  'a BigInt': [200, { 'X-Many': 12n }],
  'a symbol': [200, { 'X-One': Symbol('one') }],
  'a symbol behind a name with a space': [200, { 'X One': Symbol('one') }],
  'no text behind a name with a space': [200, { 'X One': Object.create(null) }],
  'a list without text behind a name with a space': [200, { 'X One': ['1', Object.create(null)] }],
  'no text behind a value with CRLF': [200, { 'X-One': 'a\r\nX-Bad: 1', 'X-Two': { toString () { throw new Error('no text') } } }],
  'a list with a symbol behind a name with a space': [200, { 'X One': ['1', Symbol('one')] }],
  'a Content-Length of a BigInt': [200, { 'Content-Length': 4n }],
  'a Content-Length of an object': [200, { 'Content-Length': { valueOf: () => 4, toString: () => '4' } }],
  'a Content-Length of null': [200, { 'Content-Length': null }],
  'a Content-Disposition of a number, behind a length': [200, { 'Content-Length': 4, 'Content-Disposition': 1 }],
  'a Content-Disposition of a list, behind a length': [200, { 'Content-Length': 4, 'Content-Disposition': ['inline'] }],
  'a Content-Disposition of bytes': [200, { 'Content-Disposition': Buffer.from('inline'), 'Content-Length': 4 }],
  'a Content-Disposition that breaks': [200, { 'Content-Length': 4, 'Content-Disposition': ['inline\r\nX-Bad: 1'] }],
  'null fields': [200, null],
  'undefined value': [200, { 'X-One': undefined }],
  'name with a space': [200, { 'X One': '1' }],
  'empty name': [200, { '': '1' }],
  'reason with CRLF': [200, 'Fine\r\nX-Bad: 1'],
  'value with CRLF': [200, { 'X-One': 'a\r\nX-Bad: 1' }],
  'value with NUL': [200, { 'X-One': 'a\0b' }],
  'value beyond latin1': [200, { 'X-One': '漢字' }],
  'reason beyond latin1': [200, '漢字'],
  'latin1 value and reason': [200, 'Café', { 'X-One': 'é' }],
  'number value': [200, { 'X-One': 12, 'X-Two': 0 }],
  'boolean value': [200, { 'X-One': true }],
  'status 99': [99],
  'status 1000': [1000],
  'status not a number': ['abc'],
  'status undefined': [undefined],
  'status null': [null],
  'status 999': [999]
}

for (const [form, args] of Object.entries(WRITE_HEAD_FORMS)) {
  differential(`writeHead: ${form}`, {
    script ({ m, snapshot }) {
      m.writeHead(...args)
      snapshot('after writeHead')
      m.end('body')
    }
  })
  differential(`writeHead after setHeader: ${form}`, {
    script ({ m, snapshot }) {
      m.setHeader('X-One', 'set before')
      m.setHeader('X-Own', 'kept')
      m.writeHead(...args)
      snapshot('after writeHead')
      m.write('bo')
      m.end('dy')
    }
  })
}

differential('writeHead twice', {
  script ({ m }) {
    m.writeHead(200, { a: '1' })
    m.writeHead(404, { b: '2' })
    m.end('x')
  }
})

differential('writeHead after the first write, setHeader and removeHeader too', {
  script ({ m }) {
    m.write('x')
    m.writeHead(404)
    m.setHeader('a', 'b')
    m.removeHeader('a')
    m.appendHeader?.('a', 'b')
    m.end()
  }
})

differential('implicit head through an overridden writeHead', {
  script ({ m, res, note }) {
    const { writeHead } = res
    res.writeHead = function (status, ...rest) {
      note('patched writeHead', [status, rest.length])
      this.setHeader('X-Patched', 'yes')
      return writeHead.call(this, 203, ...rest)
    }
    m.write('x')
    m.end('y')
  }
})

differential('implicit head through an overridden _implicitHeader', {
  script ({ m, res, note }) {
    res._implicitHeader = function () {
      note('patched _implicitHeader')
      this.writeHead(202, { 'X-Patched': 'yes' })
    }
    m.end('y')
  }
})

differential('statusCode and statusMessage as properties', {
  script ({ m }) {
    m.statusCode = 404
    m.statusMessage = 'Nowhere To Be Seen'
    m.end('x')
  }
})

differential('a statusMessage that tries to inject a field', {
  script ({ m }) {
    m.statusMessage = 'OK\r\nX-Bad: 1'
    m.write('x')
    m.statusMessage = 'OK'
    m.end('x')
  }
})

differential('an invalid statusCode as a property', {
  script ({ m }) {
    m.statusCode = 42
    m.end('x')
    m.statusCode = 200
    m.end('x')
  }
})

for (const [name, value] of [
  ['X-A', 'a\r\nb'], ['X-A', 'a\nb'], ['X-A', 'a\0'], ['X\r\nA', 'a'], ['', 'a'], ['X A', 'a'],
  ['X:A', 'a'], ['X-A', undefined], ['X-A', ['fine', 'b\r\nad']], ['X-A', '\u0100'], ['X-A', ' padded ']
]) {
  differential(`setHeader(${JSON.stringify(name)}, ${JSON.stringify(value)})`, {
    script ({ m, snapshot }) {
      m.setHeader(name, value)
      snapshot('after setHeader')
      m.end('x')
    }
  })
}

differential('order, case and repetition of fields', {
  script ({ m }) {
    m.setHeader('zEBRA', '1')
    m.setHeader('Alpha', ['1', '2'])
    m.setHeader('set-cookie', ['a', 'b'])
    m.setHeader('ZEBRA', '2')
    m.appendHeader?.('Alpha', '3')
    m.appendHeader?.('New', 'n')
    m.getHeader('alpha')
    m.hasHeader('NEW')
    m.setHeaders?.(new Map([['from-map', '1'], ['alpha', 'map']]))
    m.flushHeaders()
    m.end('x')
  }
})

const REMOVALS = [
  ['date'], ['connection'], ['content-length'], ['transfer-encoding'],
  ['content-length', 'transfer-encoding'], ['connection', 'transfer-encoding'],
  ['date', 'connection', 'content-length', 'transfer-encoding'], ['keep-alive']
]
for (const names of REMOVALS) {
  for (const streamed of [false, true]) {
    differential(`removeHeader ${names.join(', ')}; ${streamed ? 'streamed' : 'at once'}`, {
      request: request('GET', '/1', { close: false }) + request('GET', '/2'),
      script ({ m, snapshot }) {
        for (const name of names) m.removeHeader(name)
        if (streamed) m.write('one')
        snapshot('head')
        m.end('two')
      }
    })
  }
}

for (const connection of ['close', 'keep-alive', 'Upgrade', 'close, x', '']) {
  differential(`Connection: ${connection} set by the program`, {
    request: request('GET', '/1', { close: false }) + request('GET', '/2'),
    script ({ m }) {
      m.setHeader('Connection', connection)
      m.end('x')
    }
  })
}

for (const coding of ['chunked', 'identity', 'gzip', 'gzip, chunked', 'Chunked']) {
  differential(`Transfer-Encoding: ${coding} set by the program`, {
    wire: 'exact',
    script ({ m }) {
      m.setHeader('Transfer-Encoding', coding)
      m.write('one')
      m.end('two')
    }
  })
}

for (const version of ['1.0', '1.1']) {
  for (const fields of [[], ['Connection: keep-alive'], ['Connection: close']]) {
    for (const framing of ['streamed', 'at once', 'length', 'empty', '204', '304']) {
      differential(`HTTP/${version} ${fields[0] ?? 'no Connection'}, ${framing}`, {
        request: request('GET', '/1', { version, close: false, fields }) + request('GET', '/2', { version }),
        script ({ m }) {
          if (framing === 'length') m.setHeader('Content-Length', 6)
          if (framing === '204' || framing === '304') m.statusCode = Number(framing)
          if (framing === 'streamed' || framing === 'length') m.write('one')
          if (framing === 'empty' || framing === '204' || framing === '304') m.end()
          else m.end('two')
        }
      })
    }
  }
}

differential('keep-alive: several responses, each with its own framing', {
  request: pipeline(5),
  script ({ m, index }) {
    if (index === 1) m.write('chunked')
    if (index === 2) m.setHeader('content-length', 3)
    if (index === 3) return m.writeHead(204).end()
    m.end('end')
  }
})

for (const serverOptions of [
  { keepAliveTimeout: 1000 }, { keepAliveTimeout: 0 }, { keepAlive: true }, { noDelay: false },
  { uniqueHeaders: ['x-unique', 'X-Other'] }, { joinDuplicateHeaders: true }
]) {
  differential(`server option ${JSON.stringify(serverOptions)}`, {
    serverOptions,
    request: pipeline(2),
    script ({ m }) {
      m.setHeader('X-Unique', ['1', '2'])
      m.appendHeader?.('X-Other', 'a')
      m.appendHeader?.('X-Other', 'b')
      m.setHeader('X-Plain', ['1', '2'])
      m.write('x')
      m.end()
    }
  })
}

differential('maxRequestsPerSocket', {
  setup: (server) => { server.maxRequestsPerSocket = 2 },
  request: pipeline(4),
  script: ({ m }) => { m.end('x') }
})

differential('sendDate = false, shouldKeepAlive = false', {
  request: pipeline(2),
  script ({ m }) {
    m.sendDate = false
    m.shouldKeepAlive = false
    m.end('x')
  }
})

for (const flag of ['useChunkedEncodingByDefault', 'chunkedEncoding']) {
  for (const value of [true, false]) {
    differential(`${flag} = ${value}`, {
      script ({ m }) {
        m[flag] = value
        m.write('one')
        m.end('two')
      }
    })
  }
}

differential('flushHeaders, then later the body', {
  async script ({ m, turn, snapshot }) {
    m.setHeader('a', 'b')
    m.flushHeaders()
    snapshot('flushed')
    await turn()
    m.flushHeaders()
    m.write('x')
    await turn()
    m.end()
  }
})

differential('flushHeaders reaches the wire before any body', {
  async client (client, { request, exchanges }) {
    client.send(request)
    await client.until(({ text }) => text.includes('\r\n\r\n'))
    exchanges[0].m.end('late')
    await client.closed
  },
  script: ({ m }) => { m.flushHeaders() }
})

// The encoding of the head follows that of the first chunk, but only where the
// two leave together.
const FIRST_CHUNKS = {
  'no encoding': ['é'],
  utf8: ['é', 'utf8'],
  'utf-8': ['é', 'utf-8'],
  UTF8: ['é', 'UTF8'],
  latin1: ['é', 'latin1'],
  hex: ['e9', 'hex'],
  ucs2: ['é', 'ucs2'],
  Buffer: [Buffer.from('é')],
  'empty string': ['']
}
for (const [name, args] of Object.entries(FIRST_CHUNKS)) {
  for (const framing of ['chunked', 'length']) {
    differential(`bytes of a latin1 head before a first chunk: ${name}, ${framing}`, {
      script ({ m }) {
        m.setHeader('X-Latin', 'caf\u00e9')
        if (framing === 'length') m.setHeader('Content-Length', Buffer.from(args[0], args[1]).length)
        m.write(...args)
        m.end()
      }
    })
  }
  differential(`bytes of a latin1 head before end: ${name}`, {
    script ({ m }) {
      m.setHeader('X-Latin', 'caf\u00e9')
      m.end(...args)
    }
  })
}

for (const length of [false, true]) {
  differential(`Content-Disposition in latin1 ${length ? 'with' : 'without'} Content-Length`, {
    script ({ m }) {
      if (length) m.setHeader('Content-Length', 1)
      m.setHeader('Content-Disposition', 'attachment; filename="caf\u00e9"')
      m.end('x')
    }
  })
  differential(`Content-Disposition in writeHead ${length ? 'with' : 'without'} Content-Length`, {
    script ({ m }) {
      const fields = ['Content-Disposition', 'attachment; filename="caf\u00e9"']
      if (length) fields.unshift('Content-Length', '1')
      m.writeHead(200, fields)
      m.end('x')
    }
  })
}

const SET = {
  'undefined in a list': ['X-Many', ['a', undefined]],
  'undefined in a list of cookies': ['Cookie', ['a', undefined]],
  'null in a list of cookies': ['Cookie', ['a', null, 'b']],
  'an object with valueOf': ['X-Since', { valueOf: () => 17, toString: () => 'Tue' }],
  'a Content-Disposition of a list': ['Content-Disposition', ['attachment', 'inline']],
  'a Content-Disposition of bytes': ['Content-Disposition', Buffer.from('inline')],
  'a Content-Disposition of a list of lists': ['Content-Disposition', [['inline']]]
}
for (const [title, [name, value]] of Object.entries(SET)) {
  differential(`setHeader of ${title}`, {
    script ({ m, call, res, note }) {
      const own = Array.isArray(value) ? [...value] : value
      m.setHeader('Content-Length', 4)
      m.setHeader(name, own)
      m.end('body')
      note('the value', [String(own), typeof own[0], String(res.getHeader(name))])
    }
  })
}

const TRAILERS = {
  'undefined in a list': { A: ['a', undefined] },
  'undefined alone in a list': { A: [undefined] },
  'null alone in a list': { A: [null] },
  'null in a list': { A: ['a', null] },
  'cookies with holes': { Cookie: ['a', null, 'b'] },
  'an object with valueOf': { A: { valueOf: () => 17, toString: () => 'Tue' } },
  'lengths and dispositions': { 'Content-Length': [1, 2], 'Content-Disposition': [1] }
}
for (const [title, trailers] of Object.entries(TRAILERS)) {
  differential(`addTrailers of ${title}`, {
    script ({ m }) {
      m.write('body')
      m.addTrailers(trailers)
      m.end()
    }
  })
}

differential('the dates of a turn that blocks don\'t go back', {
  request: pipeline(3),
  script ({ m, index, exchanges, note }) {
    if (index > 0) m.setHeader('X-Other', index)
    if (index === 1) {
      const until = Date.now() + 1100
      while (Date.now() < until);
    }
    m.end('body')
    if (index < 2) return
    const dates = exchanges.map(({ res }) => Date.parse(/Date: (.*)/.exec(res._header)[1]))
    note('sorted', [dates.every((date, n) => n === 0 || date >= dates[n - 1])])
  }
})

test('more fields than a call has room for', (t) => {
  const many = new Array(600_000).fill('v')
  const sections = (side) => {
    const response = new side.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 })
    response.sendDate = false
    response.writeHead(200, { 'X-Many': many })
    response.addTrailers(Object.fromEntries(many.map((value, n) => [`X-${n}`, value])))
    return response._header + response._trailer
  }
  t.true(sections(sluice) === sections(http))
})
