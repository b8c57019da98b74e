'use strict'

// What every app answers, on the request and response of plain http.

const big = Buffer.alloc(4 << 20, 'abcdefgh')

function stream (res) {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.setHeader('Trailer', 'X-Sum')
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

module.exports = { big, stream, events }
