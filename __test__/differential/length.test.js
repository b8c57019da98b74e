'use strict'

// A declared length: what is sent beside it, and what the host holds the program to (`strictContentLength`), by every
// way that a body can take.

const test = require('ava')
const { differentialFor, VARIANTS } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

const small = (text) => [Buffer.from(text)]
const LARGE = 20_000
/** Pieces of a body, each with its encoding, and the number of its bytes. */
const BODIES = {
  'small Buffers': { pieces: ['one', 'two', 'three'].map(small), length: 11 },
  Uint8Arrays: { pieces: [[new Uint8Array([97, 98])], [new Uint8Array([99])]], length: 3 },
  strings: { pieces: [['one'], ['zwö', 'utf8'], ['drei', 'latin1']], length: 11 },
  'strings of other encodings': { pieces: [['zwö', 'latin1'], ['6f6e65', 'hex'], ['b25l', 'base64'], ['öne', 'utf16le']], length: 15 },
  'large Buffers': { pieces: [[Buffer.alloc(LARGE, 'a')], [Buffer.alloc(LARGE, 'b')]], length: 2 * LARGE },
  'large strings': { pieces: [['a'.repeat(LARGE)], ['ö'.repeat(LARGE)]], length: 3 * LARGE },
  'one Buffer': { pieces: [small('whole')], length: 5 },
  'one string': { pieces: [['whöle']], length: 6 },
  'nothing among it': { pieces: [['a'], [''], [Buffer.alloc(0)], ['b']], length: 2 },
  nothing: { pieces: [], length: 0 }
}

/** How the pieces are given to the response. */
const WAYS = {
  'write, end' ({ m, cb }, pieces) {
    pieces.forEach((piece, n) => m.write(...piece, cb(n)))
    m.end(cb('end'))
  },
  'write, end with the last': ({ m, cb }, pieces) => {
    pieces.slice(0, -1).forEach((piece, n) => m.write(...piece, cb(n)))
    m.end(...pieces.at(-1) ?? [], cb('end'))
  },
  async 'write without a callback, in turns' ({ m, turn }, pieces) {
    for (const piece of pieces) {
      m.write(...piece)
      await turn()
    }
    m.end()
  },
  async 'all in one later tick' ({ m, turn }, pieces) {
    m.flushHeaders()
    await turn()
    for (const piece of pieces) m.write(...piece)
    m.end()
  },
  corked ({ m, cb }, pieces) {
    m.cork()
    pieces.forEach((piece, n) => m.write(...piece, cb(n)))
    m.uncork()
    m.end(cb('end'))
  }
}

const DECLARED = { exact: 0, 'too much declared': 1, 'too little declared': -1 }

for (const [kind, { pieces, length }] of Object.entries(BODIES)) {
  for (const [way, give] of Object.entries(WAYS)) {
    for (const [name, more] of Object.entries(DECLARED)) {
      if (length + more < 0) continue
      differential(`${kind}; ${way}; ${name}`, {
        wire: more === 0 && way !== 'corked' ? 'exact' : more === 0 ? 'meaning' : 'any',
        variants: VARIANTS.filter(({ transport }) => transport === 'tcp'),
        async script (exchange) {
          const { m, res, note, snapshot, turn } = exchange
          res.strictContentLength = true
          if (length % 2) m.setHeader('Content-Length', length + more)
          else m.writeHead(200, { 'Content-Length': String(length + more) })
          await give(exchange, pieces)
          snapshot('given')
          if (res.finished) return
          // What was refused counts or doesn't, as on the host.
          m.end()
          await turn()
          if (!res.finished) m.write('x')
          if (!res.finished) m.end('y')
          note('finished', [res.finished])
        }
      })
    }
  }
}

for (const [method, status] of [['HEAD', 200], ['GET', 204], ['GET', 304]]) {
  for (const declared of [0, 3, 5]) {
    differential(`${method} ${status}: ${declared} declared, 3 written`, {
      request: request(method),
      wire: 'any',
      script ({ m, res, cb, snapshot }) {
        res.strictContentLength = true
        m.writeHead(status, { 'Content-Length': declared })
        m.write('abc', cb('write'))
        snapshot('written')
        m.end(cb('end'))
        if (!res.finished) m.end('d', cb('second end'))
        if (!res.finished) m.end('de', cb('third end'))
      }
    })
  }
}

differential('strictContentLength without a length', {
  async script ({ m, res, cb, turn }) {
    res.strictContentLength = true
    m.write('one', cb('one'))
    await turn()
    m.end(Buffer.from('two'), cb('end'))
  }
})

differential('strictContentLength set between the writes', {
  wire: 'any',
  async script ({ m, res, cb, turn }) {
    m.writeHead(200, { 'Content-Length': 6 })
    m.write('one', cb('one'))
    await turn()
    res.strictContentLength = true
    m.write(Buffer.from('two'), cb('two'))
    m.end(cb('end'))
    res.strictContentLength = false
    m.end()
  }
})

for (const strict of [false, true]) {
  for (const [name, announced, ...chunks] of [
    ['exact', 4, 'ab', 'cd'], ['short', 9, 'ab', 'cd'], ['first chunk too long', 1, 'ab', 'cd'],
    ['second chunk too long', 3, 'ab', 'cd'], ['multibyte', 4, 'é', 'é'], ['as a string', '4', 'ab', 'cd'],
    ['zero', 0], ['zero with a body', 0, 'ab'], ['only end', 2, 'ab']
  ]) {
    for (const by of ['setHeader', 'writeHead']) {
      differential(`Content-Length by ${by}: ${name}${strict ? ', strict' : ''}`, {
        script ({ m, res, cb, snapshot }) {
          if (strict) res.strictContentLength = true
          if (by === 'setHeader') m.setHeader('Content-Length', announced)
          else m.writeHead(200, { 'Content-Length': announced })
          const last = chunks.at(-1)
          for (const chunk of chunks.slice(0, -1)) m.write(chunk, cb(chunk))
          if (last === undefined) m.end(cb('end'))
          else m.end(last, cb('end'))
          snapshot('after end')
        },
        wire: strict && !['exact', 'zero', 'only end', 'multibyte'].includes(name) ? 'any' : 'exact'
      })
    }
  }
}
