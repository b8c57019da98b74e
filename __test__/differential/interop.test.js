'use strict'

// A response as Node's stream functions use it: pipes, pipelines, web streams, signals.

const test = require('ava')
const stream = require('node:stream')
const { once } = require('node:events')
const { differentialFor } = require('../support/differential')
const { describe } = require('../support/recorder')

const differential = differentialFor(test)

const BODIES = {
  'a small body': ['one', Buffer.from('two'), 'three'],
  '1 MiB': Array.from({ length: 16 }, (_, n) => Buffer.alloc(65_536, 97 + n))
}

/** The pieces of a body; an error where there is one comes after half of them. */
async function * generate (pieces, error) {
  for (const [n, piece] of pieces.entries()) {
    if (error && n === pieces.length >> 1) throw error
    yield piece
  }
}

/** Notes how a promise is settled. */
const settled = ({ note, res }, name, promise) => promise.then(
  (value) => note(name, ['fulfilled', describe(value, res)]),
  (error) => note(name, ['rejected', error])
)

/** Resolves when the source has given the piece, which it may do at once. */
const give = (source, piece) => {
  const given = once(source, 'data')
  source.write(piece)
  return given
}

const closed = (res) => res.closed || res._closed ? undefined : once(res, 'close')

/** The steps of a program that end with the response whole. @type {Record<string, Function>} */
const WHOLE = {
  'pipeline with a callback' ({ res, cb }, pieces) {
    stream.pipeline(stream.Readable.from(pieces), res, cb('pipeline'))
  },
  'pipeline through a Transform' ({ res, cb }, pieces) {
    stream.pipeline(stream.Readable.from(pieces), new stream.PassThrough(), res, cb('pipeline'))
  },
  'pipeline as a promise' (exchange, pieces) {
    return settled(exchange, 'pipeline', stream.promises.pipeline(generate(pieces), exchange.res))
  },
  async 'pipeline that does not end' (exchange, pieces) {
    const { res, cb } = exchange
    await settled(exchange, 'pipeline', stream.promises.pipeline(generate(pieces), res, { end: false }))
    res.end('last', cb('end'))
  },
  finished ({ res, cb }, pieces) {
    stream.finished(res, cb('finished'))
    stream.finished(res, { readable: false }, cb('finished writable'))
    for (const piece of pieces) res.write(piece)
    res.end()
  },
  async 'finished after the end' (exchange, pieces) {
    const { res, cb } = exchange
    for (const piece of pieces) res.write(piece)
    res.end(cb('end'))
    await settled(exchange, 'finished', stream.promises.finished(res))
    stream.finished(res, cb('finished late'))
  },
  pipe ({ res }, pieces) {
    stream.Readable.from(generate(pieces)).pipe(res)
  },
  async 'unpipe midway' ({ res, note, cb }, pieces) {
    const source = new stream.PassThrough()
    source.pipe(res)
    await give(source, pieces[0])
    source.unpipe(res)
    note('listeners', [res.listenerCount('drain'), res.listenerCount('unpipe'), res.listenerCount('close'), res.listenerCount('error')])
    for (const piece of pieces.slice(1)) res.write(piece)
    res.end(cb('end'))
  },
  async 'once finish' (exchange, pieces) {
    const finish = once(exchange.res, 'finish')
    for (const piece of pieces) exchange.res.write(piece)
    exchange.res.end()
    await settled(exchange, 'once', finish)
  },
  async 'a web stream, pipeTo' (exchange, pieces) {
    const source = new ReadableStream({
      start (controller) {
        for (const piece of pieces) controller.enqueue(typeof piece === 'string' ? Buffer.from(piece) : piece)
        controller.close()
      }
    })
    await settled(exchange, 'pipeTo', source.pipeTo(stream.Writable.toWeb(exchange.res)))
  },
  async 'a web stream, written' (exchange, pieces) {
    const writer = stream.Writable.toWeb(exchange.res).getWriter()
    for (const piece of pieces) {
      await writer.ready
      await writer.write(typeof piece === 'string' ? Buffer.from(piece) : piece)
    }
    await settled(exchange, 'close', writer.close())
    await settled(exchange, 'closed', writer.closed)
  },
  'Duplex.from' ({ res, cb }, pieces) {
    stream.pipeline(generate(pieces), stream.Duplex.from({ writable: res, readable: stream.Readable.from([]) }), cb('pipeline'))
  },
  'a signal that is never used' ({ res }, pieces) {
    stream.addAbortSignal(new AbortController().signal, res)
    for (const piece of pieces) res.write(piece)
    res.end()
  }
}
if (stream.compose) {
  WHOLE.compose = ({ res, cb }, pieces) => {
    const composed = stream.compose(new stream.PassThrough(), res)
    composed.on('finish', cb('finish of the composed')).on('error', cb('error of the composed'))
    for (const piece of pieces) composed.write(piece)
    composed.end()
  }
}

/** Programs that break the response off. */
const TORN = {
  'pipeline whose source fails' (exchange, pieces) {
    return settled(exchange, 'pipeline', stream.promises.pipeline(generate(pieces, new Error('of the source')), exchange.res))
  },
  'pipeline whose source fails before a byte' ({ res, cb }) {
    stream.pipeline(generate([''], new Error('of the source')), res, cb('pipeline'))
  },
  async 'pipeline of a source that is destroyed' ({ res, cb }, pieces) {
    const source = new stream.PassThrough()
    stream.pipeline(source, res, cb('pipeline'))
    await give(source, pieces[0])
    source.destroy()
  },
  async 'pipeline that a signal ends' (exchange, pieces) {
    const { signal, abort } = aborter()
    const source = new stream.PassThrough()
    const piping = settled(exchange, 'pipeline', stream.promises.pipeline(source, exchange.res, { signal }))
    await give(source, pieces[0])
    abort()
    await piping
  },
  'pipeline into a destroyed response' ({ res, cb }, pieces) {
    // Node (18 to 26) never calls this one back: nobody may wait for it.
    res.destroy()
    stream.pipeline(generate(pieces), res, cb('pipeline'))
  },
  async 'pipeline, and the response is destroyed midway' (exchange, pieces) {
    const source = new stream.PassThrough()
    const piping = settled(exchange, 'pipeline', stream.promises.pipeline(source, exchange.res))
    await give(source, pieces[0])
    exchange.res.destroy(new Error('own'))
    await piping
  },
  async 'pipe whose source fails' ({ res, note, turn }, pieces) {
    const source = stream.Readable.from(generate(pieces, new Error('of the source')))
    source.pipe(res)
    await new Promise((resolve) => source.on('error', resolve))
    await turn()
    note('after', [res.finished, res.destroyed, res.listenerCount('unpipe')])
    res.destroy()
  },
  async 'pipe, and the response is destroyed midway' ({ res, note }, pieces) {
    const source = new stream.PassThrough()
    source.pipe(res)
    source.on('close', () => note('close of the source'))
    await give(source, pieces[0])
    res.destroy()
    await closed(res)
    note('source', [source.destroyed, source.listenerCount('data')])
    source.destroy()
  },
  async 'pipe, and the socket is destroyed midway' ({ res, socket, note }, pieces) {
    const source = new stream.PassThrough()
    source.pipe(res)
    await give(source, pieces[0])
    socket.destroy(new Error('of the socket'))
    await closed(res)
    note('source', [source.destroyed, source.listenerCount('data'), res.destroyed])
    source.destroy()
  },
  'finished, and the response is destroyed' ({ res, cb }, pieces) {
    stream.finished(res, cb('finished'))
    res.write(pieces[0])
    res.destroy(new Error('own'))
    stream.finished(res, cb('finished late'))
  },
  'finished, and the socket is destroyed' (exchange, pieces) {
    exchange.res.write(pieces[0])
    exchange.socket.destroy()
    return settled(exchange, 'finished', stream.promises.finished(exchange.res))
  },
  async 'a web stream that fails' (exchange, pieces) {
    const source = new ReadableStream({
      start (controller) { controller.enqueue(Buffer.from(pieces[0])) },
      pull (controller) { controller.error(new Error('of the source')) }
    }, { highWaterMark: 0 })
    await settled(exchange, 'pipeTo', source.pipeTo(stream.Writable.toWeb(exchange.res)))
  },
  async 'a web stream, and the response is destroyed' (exchange, pieces) {
    const writer = stream.Writable.toWeb(exchange.res).getWriter()
    const end = settled(exchange, 'closed', writer.closed)
    await writer.write(Buffer.from(pieces[0]))
    exchange.res.destroy(new Error('own'))
    await end
    await settled(exchange, 'late write', writer.write(Buffer.from('late')))
  },
  'a signal, aborted after a write' ({ res }, pieces) {
    const { signal, abort } = aborter()
    stream.addAbortSignal(signal, res)
    res.write(pieces[0])
    abort()
  },
  'a signal that is aborted before' ({ res }) {
    stream.addAbortSignal(AbortSignal.abort(), res)
  },
  async 'once finish of a response that fails' (exchange, pieces) {
    const finish = settled(exchange, 'once', once(exchange.res, 'finish'))
    exchange.res.write(pieces[0])
    exchange.res.emit('error', new Error('own'))
    await finish
    exchange.res.destroy()
  }
}
if (Symbol.asyncDispose && stream.Writable.prototype[Symbol.asyncDispose]) {
  const dispose = (exchange) => {
    const { res, note } = exchange
    note('disposes', [typeof res[Symbol.asyncDispose]])
    return res[Symbol.asyncDispose] ? settled(exchange, 'dispose', res[Symbol.asyncDispose]()) : res.destroy()
  }
  TORN['disposed before the end'] = (exchange, pieces) => {
    exchange.res.write(pieces[0])
    return dispose(exchange)
  }
  TORN['disposed after the end'] = async (exchange, pieces) => {
    exchange.res.end(pieces[0])
    await closed(exchange.res)
    return dispose(exchange)
  }
}

function aborter () {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

const PREDICATES = ['isErrored', 'isDisturbed', 'isReadable', 'isWritable', 'isDestroyed'].filter((name) => name in stream)

for (const [programs, wire] of [[WHOLE, 'exact'], [TORN, 'any']]) {
  for (const [title, program] of Object.entries(programs)) {
    for (const [body, pieces] of Object.entries(BODIES)) {
      differential(`${title}; ${body}`, {
        wire,
        async script (exchange) {
          const { res, note } = exchange
          const ask = () => note('asked', PREDICATES.map((name) => `${name}: ${stream[name](res)}`))
          res.on('close', ask)
          await program(exchange, pieces)
          await closed(res)
        }
      })
    }
  }
}
