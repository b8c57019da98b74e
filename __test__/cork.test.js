'use strict'

// Corked bodies on their own, for the hosts that are no oracle of them: Node 22 and 24 send the end
// of the body before corked bytes and lose their `drain`. In the host's mode sluice used to stand in
// for `write` there without its checks, so that corked bytes went out before the head.

const test = require('ava')
const { observe } = require('./support/observe')
const { parseResponse } = require('./support/response-parser')
const { request } = require('./support/requests')
const { subject, selfCheck } = require('./support/subject')
const { VARIANTS, nameOf } = require('./support/differential')

const BIG = 200_000

/** A script that waits for the `drain` of a long corked write, after what `behind` writes. */
const drained = (behind) => async ({ m, res, cb, until }) => {
  let drains = 0
  res.on('drain', () => drains++)
  m.cork()
  m.write(Buffer.alloc(BIG, 'a'), cb('a'))
  m.uncork()
  behind(m, cb)
  if (res.writableNeedDrain) await until(() => drains === 1)
  m.end(cb('end'))
}

/** [title, script, the body for GET] */
const SCRIPTS = [
  ['before the first write, until the end', ({ m, cb }) => {
    m.cork()
    m.write('a', cb('a'))
    m.write('b', cb('b'))
    m.end('c', cb('end'))
  }, 'abc'],
  ['between the writes, until the end of a message that is strict', async ({ m, res, cb, turn }) => {
    res.strictContentLength = true
    m.write('a', cb('a'))
    await turn()
    m.cork()
    m.end('62', 'hex', cb('end'))
  }, 'ab'],
  ['around an end', ({ m, cb }) => {
    m.cork()
    m.write('', cb('a'))
    m.end('b', cb('end'))
  }, 'b'],
  ['around the first writes', ({ m, cb }) => {
    m.cork()
    m.write('a', cb('a'))
    m.write(Buffer.from('b'), cb('b'))
    m.uncork()
    m.end('c', cb('end'))
  }, 'abc'],
  ['after an uncork too many', async ({ m, cb, turn }) => {
    m.uncork()
    m.uncork()
    await turn()
    m.cork()
    m.write('a', cb('a'))
    m.cork()
    m.write('b', cb('b'))
    m.end('c', cb('end'))
  }, 'abc'],
  ['uncorked more often than corked, in a tick of writes', async ({ m, cb, turn }) => {
    m.write('a', cb('a'))
    m.uncork()
    m.uncork()
    m.write('b', cb('b'))
    await turn()
    m.write('c', cb('c'))
    await turn()
    m.cork()
    m.write('d', cb('d'))
    m.end('e', cb('end'))
  }, 'abcde'],
  ['around later writes', async ({ m, cb, turn }) => {
    m.write('a', cb('a'))
    await turn()
    m.cork()
    m.write('b', cb('b'))
    m.write('6363', 'hex', cb('c'))
    m.uncork()
    await turn()
    m.end(cb('end'))
  }, 'abcc'],
  ['of more than the mark, with its drain', drained(() => {}), 'a'.repeat(BIG)],
  // Their bytes wait for the end of the tick, in which the socket tells of its `drain`.
  ['of more than the mark, with its drain, and small writes behind it', drained((m) => {
    m.write(Buffer.from('b'))
    m.write(Buffer.from('c'))
  }), `${'a'.repeat(BIG)}bc`],
  ['of more than the mark, with its drain, and small writes behind it that have a callback', drained((m, cb) => {
    m.write(Buffer.from('b'), cb('b'))
    m.write(Buffer.from('c'))
  }), `${'a'.repeat(BIG)}bc`]
]

const cork = selfCheck ? test.serial.skip : test.serial
for (const variant of VARIANTS) {
  for (const [title, script, whole] of SCRIPTS) {
    for (const [method, body] of [['GET', whole], ['HEAD', '']]) {
      cork(`${method}, a cork ${title} (${nameOf(variant)})`, async (t) => {
        const { bytes, exchanges: [{ log }] } = await observe(subject, { request: request(method), script }, variant)
        const response = parseResponse(bytes, method)
        t.is(response.status, 200)
        t.is(response.body.toString('latin1'), body)
        const callbacks = log.filter(({ name }) => name.startsWith('callback') && name !== 'callback end')
        t.true(callbacks.length >= 1)
        t.deepEqual(callbacks.map(({ name }) => name), callbacks.map(({ name }) => name).sort())
        for (const { args: [error], during } of callbacks) t.deepEqual([error ?? null, during], [null, null])
      })
    }
  }
  cork(`strictContentLength counts what is corked (${nameOf(variant)})`, async (t) => {
    const { bytes, exchanges: [{ returns }] } = await observe(subject, {
      script ({ m, res }) {
        res.strictContentLength = true
        m.writeHead(200, { 'Content-Length': 2 })
        m.cork()
        m.write('ab')
        m.write('c')
        m.end()
      }
    }, variant)
    t.is(parseResponse(bytes).body.toString(), 'ab')
    t.is(returns.at(-2).result.thrown.code, 'ERR_HTTP_CONTENT_LENGTH_MISMATCH')
  })
}
