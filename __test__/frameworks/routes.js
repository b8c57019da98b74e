'use strict'

// What every app answers, on the request and response of plain http.

const { Readable } = require('node:stream')

const big = Buffer.alloc(4 << 20, 'abcdefgh')

function stream (res) {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  // Node throws for a Trailer field without a chunked body.
  if (res.req?.method !== 'HEAD') res.setHeader('Trailer', 'X-Sum')
  for (let n = 0; n < 100; n++) res.write(`line ${n} – é\n`)
  res.addTrailers({ 'X-Sum': '100' })
  res.end('end\n')
}

function events (res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  let n = 0
  const next = () => {
    if (n === 5) return res.end()
    res.write(`id: ${n}\ndata: event ${n++}\n\n`)
    setImmediate(next)
  }
  next()
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A body that fails when its first pieces have been sent. */
async function * broken () {
  yield 'one '
  // Node 26 joins what is written in one tick.
  await turn()
  yield 'two '
  for (let n = 0; n < 5; n++) await turn()
  throw new Error('broken')
}

/** A body of many pieces that come one at a time, 16 MiB: more than the kernel holds of it. */
async function * endless () {
  for (let n = 0; n < 256; n++) yield big.subarray(0, 64 << 10)
}

module.exports = {
  big,
  stream,
  events,
  broken: () => Readable.from(broken()),
  endless: () => Readable.from(endless())
}
