'use strict'

// What `write` and `end` take, and when.

const vm = require('node:vm')
const test = require('ava')
const host = require('../support/host')
const { differentialFor } = require('../support/differential')
const { request } = require('../support/requests')

const differential = differentialFor(test)

const ENDS = {
  'no arguments': () => [],
  'callback only': (cb) => [cb('end')],
  chunk: () => ['tail'],
  'chunk and callback': (cb) => ['tail', cb('end')],
  'chunk and encoding': () => ['7461696c', 'hex'],
  'chunk, encoding, callback': (cb) => ['dGFpbA', 'base64', cb('end')],
  'Buffer and callback': (cb) => [Buffer.from('tail'), cb('end')],
  Uint8Array: () => [new Uint8Array([65, 66])],
  'empty string': (cb) => ['', cb('end')],
  'empty Buffer': (cb) => [Buffer.alloc(0), cb('end')],
  null: (cb) => [null, cb('end')],
  'three nulls': () => [null, null, null],
  'undefined, undefined, callback': (cb) => [undefined, undefined, cb('end')],
  'payload, null, null': () => ['tail', null, null],
  'a number': (cb) => [5, cb('end')],
  'an object': (cb) => [{}, cb('end')],
  'a boolean': () => [true],
  zero: () => [0],
  'a plain array': () => [[1, 2]],
  'an ArrayBuffer': () => [new ArrayBuffer(4)],
  'a DataView': () => [new DataView(new ArrayBuffer(4))],
  'a Uint16Array': () => [new Uint16Array(4)],
  'a String object': () => [Object('tail')],
  'a number as callback': () => ['tail', 'utf8', 5],
  'no chunk and an unknown encoding': (cb) => [undefined, 'no-such-encoding', cb('end')],
  'an empty string and a number as encoding': (cb) => ['', 5, cb('end')]
}
for (const [name, args] of Object.entries(ENDS)) {
  for (const before of ['nothing', 'writeHead', 'write', 'length', 'HTTP/1.0']) {
    differential(`end(${name}) after ${before}`, {
      request: before === 'HTTP/1.0' ? request('GET', '/', { version: '1.0' }) : undefined,
      // An empty or bad last chunk leaves a message unfinished: destroy it then.
      async script ({ m, res, cb, snapshot, turns }) {
        if (before === 'length') m.setHeader('Content-Length', 4)
        if (before === 'writeHead') m.writeHead(200, { a: 'b' })
        if (before === 'write') m.write('x', cb('write'))
        m.end(...args(cb))
        snapshot('after end')
        if (!res.finished) {
          await turns(2)
          m.end()
        }
      },
      // What was announced is not always what was sent.
      wire: 'exact'
    })
  }
}

// Behind a chunk of its tick, and without a callback, a write makes the fewest checks.
const VIEWS = {
  'a Uint8Array of another realm': vm.runInNewContext('new Uint8Array([65, 66])'),
  'an Int8Array': new Int8Array([65, 66]),
  'a Uint8ClampedArray': new Uint8ClampedArray([65, 66]),
  'a Uint16Array that inherits from Buffer': Object.setPrototypeOf(new Uint16Array([65, 66]), Buffer.prototype),
  'a DataView': new DataView(new ArrayBuffer(2)),
  'a Buffer by its prototype alone': Object.create(Buffer.prototype),
  null: null,
  'a number': 1
}
for (const [name, chunk] of Object.entries(VIEWS)) {
  differential(`write(${name}) behind a Buffer`, {
    async script ({ m, snapshot, turn }) {
      m.write(Buffer.from('first'))
      m.write(chunk)
      snapshot('after it')
      m.write(Buffer.from('last'))
      await turn()
      m.write(chunk)
      m.end()
    }
  })
}

/** Whose memory is gone. */
function detached () {
  const chunk = new Uint8Array(10)
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
  return chunk
}
for (const method of ['write', 'end']) {
  for (const behind of [true, false]) {
    differential(`${method} of a Uint8Array that is detached, ${behind ? 'behind a Buffer' : 'first'}`, {
      // Node 26 throws when the tick is over, and nobody can catch it.
      unless: host.joinsTick,
      async script ({ m, turns }) {
        if (behind) m.write(Buffer.from('first'))
        m[method](detached())
        await turns(2)
        m.end('last')
      }
    })
  }
}

const CHUNKS = {
  null: [null],
  undefined: [undefined],
  'a number': [1],
  'a boolean': [true],
  'an object': [{}],
  'an array': [['x']],
  'a symbol': [Symbol('s')],
  'a function': [() => {}],
  'an ArrayBuffer': [new ArrayBuffer(2)],
  'a DataView': [new DataView(new ArrayBuffer(2))],
  'a Uint16Array': [new Uint16Array([1, 2])],
  'a String object': [Object('x')],
  'an unknown encoding': ['x', 'no-such-encoding'],
  'an empty string and an unknown encoding': ['', 'no-such-encoding'],
  'a Buffer and an unknown encoding': [Buffer.from('x'), 'no-such-encoding'],
  'a number as encoding': ['x', 5],
  'null as encoding': ['x', null],
  'an object as encoding': ['x', {}],
  'an empty encoding': ['x', ''],
  "the encoding 'buffer'": ['x', 'buffer']
}
for (const [name, args] of Object.entries(CHUNKS)) {
  // Node ≤ 24 puts a chunk's size line on the wire before it looks at the
  // encoding; the bytes of that bug are not to be copied.
  const unknownEncoding = (host.takesBufferLabel ? /unknown encoding|number as encoding|object as encoding/ : /encoding/).test(name) &&
    !/^null|^an empty encoding/.test(name)
  for (const length of [true, false]) {
    differential(`write(${name}), ${length ? 'length' : 'chunked'}`, {
      unless: unknownEncoding,
      script ({ m, cb, snapshot }) {
        if (length) m.setHeader('Content-Length', 4)
        m.write(...args, cb('bad'))
        snapshot('after the bad write')
        m.write('goo', cb('good'))
        m.end('d')
      }
    })
  }
}

differential('many kinds of chunks in one tick', {
  script ({ m, cb }) {
    m.write('string', cb(1))
    m.write(Buffer.from('buffer'), cb(2))
    m.write(new Uint8Array([65, 66, 67]), cb(3))
    m.write('', cb(4))
    m.write(Buffer.alloc(0), cb(5))
    m.write('6869', 'hex', cb(6))
    m.write(Buffer.from('encoding is ignored'), 'hex', cb(7))
    m.write('no callback')
    m.end('end', cb('end'))
  }
})

differential('one chunk per turn, one per tick', {
  async script ({ m, cb, turn, tick }) {
    m.write('a', cb(1))
    await turn()
    m.write('b', cb(2))
    await tick()
    m.write('c', cb(3))
    await turn()
    m.end(cb('end'))
  }
})

differential('calls from inside callbacks and events', {
  script ({ m, res, cb, note }) {
    res.on('finish', () => {
      m.write('after finish', cb('late write'))
      m.end(cb('late end'))
    })
    res.on('prefinish', () => note('writableEnded in prefinish', [res.writableEnded]))
    m.write('a', () => {
      note('callback a')
      m.write('b', () => {
        note('callback b')
        m.end('c', cb('end'))
      })
    })
  }
})

// More than the kernel takes at once comes back at a time of the kernel's choosing: see backpressure.
for (const size of [1, 1000, 16383, 16384, 16385, 65535, 65536, 65537]) {
  for (const kind of ['string', 'Buffer']) {
    differential(`${size} bytes as ${kind}`, {
      async script ({ m, res, cb, turns }) {
        const chunk = kind === 'string' ? 'x'.repeat(size) : Buffer.alloc(size, 'x')
        m.write(chunk, cb(1))
        m.write(chunk, cb(2))
        await turns(3)
        m.write(chunk, cb(3))
        m.end(chunk, cb('end'))
      }
    })
  }
}

differential('a write of nothing from inside a callback, beside what else comes soon', {
  async script ({ m, note, cb, turns }) {
    m.write('a', () => {
      note('callback a')
      process.nextTick(note, 'tick')
      queueMicrotask(() => note('microtask'))
      m.write('', cb('nothing'))
      m.write('', cb('nothing again'))
    })
    m.write('b', cb('b'))
    await turns(3)
    m.end(cb('end'))
  }
})

differential('write after end', {
  script ({ m, cb, snapshot }) {
    m.end('x', cb('end'))
    m.write('late', cb('late'))
    snapshot('after the late write')
    m.write('later', 'latin1', cb('later'))
    m.write(Buffer.from('no callback'))
  }
})

differential('write after end, later', {
  async script ({ m, res, cb, turn, until }) {
    m.end('x')
    await until(() => res.writableFinished)
    await turn()
    m.write('late', cb('late'))
    m.end('late', cb('late end'))
    m.end(cb('late end 2'))
    m.end()
  }
})

differential('write(null) after end', {
  script ({ m, cb }) {
    m.end('x')
    m.write(null, cb('null'))
    m.write(5, cb('number'))
    m.end(null, cb('end null'))
  }
})

differential('end twice', {
  script ({ m, cb }) {
    m.end('x', cb('first'))
    m.end(cb('second'))
    m.end('y', cb('third'))
    m.end()
  }
})

differential('cork and uncork', {
  unless: host.corkIsBroken,
  async script ({ m, cb, turn }) {
    m.cork()
    m.write('a', cb(1))
    m.write('b', cb(2))
    m.uncork()
    await turn()
    m.cork()
    m.cork()
    m.write('c', cb(3))
    m.uncork()
    m.write('d', cb(4))
    m.uncork()
    m.uncork()
    await turn()
    m.end('e', cb('end'))
  }
})

for (const when of ['before the head', 'after the head', 'after a turn']) {
  differential(`end while corked ${when}`, {
    unless: host.corkIsBroken,
    async script ({ m, cb, turn }) {
      if (when === 'before the head') m.cork()
      m.write('a', cb(1))
      if (when === 'after a turn') await turn()
      if (when !== 'before the head') m.cork()
      m.write('b', cb(2))
      m.write('', cb('empty'))
      m.write('c', cb(3))
      m.end('d', cb('end'))
    }
  })
}

differential('cork beyond the high-water mark', {
  unless: host.corkIsBroken,
  async script ({ m, cb, turns }) {
    m.write('a')
    m.cork()
    for (let n = 0; n < 8; n++) m.write(Buffer.alloc(10_000, 'x'), cb(n))
    m.uncork()
    await turns(3)
    m.end()
  }
})

differential('a Uint8Array that changes while it waits', {
  async script ({ m, cb, turn }) {
    m.write('head')
    await turn()
    const chunk = Buffer.from('before')
    m.cork()
    m.write(chunk, cb(1))
    chunk.write('AFTER!')
    m.uncork()
    await turn()
    m.end()
  },
  // Whether the change is seen depends on when a host copies.
  unless: host.joinsCorkedChunks
})

/** A Uint8Array whose `length` is not the number of its bytes. */
function foreign (text, length) {
  class Foreign extends Uint8Array {
    get length () { return length }
  }
  return new Foreign(Buffer.from(text))
}
for (const [title, length] of Object.entries({ longer: 64, shorter: 2 })) {
  differential(`a chunk that says it is ${title} than it is`, {
    // Node 22 and later count what a tick gathers by it, 18 and 20 what a write does.
    wire: 'meaning',
    async script ({ m, turns }) {
      // What is put aside for other writes must not show.
      m.write(Buffer.from('a secret of somebody else, '.repeat(20)))
      await turns(3)
      m.write(Buffer.from('before '))
      m.write(foreign('three', length))
      m.write(Buffer.from('behind '))
      await turns(3)
      m.write(foreign('first', length))
      m.write(Buffer.from('last'))
      await turns(3)
      m.end()
    }
  })
}
