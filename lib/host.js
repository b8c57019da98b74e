'use strict'

// What differs between Node versions, found by looking and never by the version's number.

const http = require('node:http')
const { Duplex, Writable } = require('node:stream')

const message = new http.OutgoingMessage()
const server = new http.Server()

/** A symbol-keyed property of `object` by the symbol's description. */
function symbolOf (object, description) {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)
}

function response () {
  return new http.ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} })
}

/** Node 18 closes after removeHeader('connection'); later ones keep the connection. */
function removedConnectionCloses () {
  const probe = response()
  probe.removeHeader('connection')
  probe.writeHead(200)
  return probe._last
}

/** Node 18 keeps a connection whose body has neither length nor chunks. */
function unframedKeepsAlive () {
  const probe = response()
  probe.removeHeader('content-length')
  probe.removeHeader('transfer-encoding')
  probe.writeHead(200)
  return !probe._last
}

/** Node 18 keeps the Content-Length that the program has set as it is; later ones its number. */
function keepsContentLength () {
  const probe = response()
  probe.writeHead(200, { 'Content-Length': '1' })
  return probe._contentLength === '1'
}

/** What a write callback gets on success: nothing on Node 18, null later. */
function successArguments () {
  let done
  let given
  const probe = new Writable({ write (chunk, encoding, callback) { done = callback } })
  probe.write('x', (...values) => { given = values })
  done()
  return given
}

let corkBreaks

/** Node 22 and 24 put the last chunk in front of what is corked. */
function corkIsBroken () {
  if (corkBreaks !== undefined) return corkBreaks
  let wire = ''
  const probe = response()
  probe.assignSocket(new Writable({ write (chunk, encoding, callback) { wire += chunk; callback() } }))
  probe.cork()
  probe.write('a')
  probe.write('b')
  probe.end()
  const last = wire.indexOf('\r\n0\r\n\r\n')
  corkBreaks = last >= 0 && !wire.endsWith('0\r\n\r\n')
  return corkBreaks
}

module.exports = {
  kOutHeaders: symbolOf(message, 'kOutHeaders'),
  kNeedDrain: symbolOf(message, 'kNeedDrain'),
  kCorked: symbolOf(message, 'corked'),
  kErrored: symbolOf(message, 'errored'),
  kBytesWritten: symbolOf(message, 'kBytesWritten'),
  kEndCallbacks: symbolOf(message, 'kEndCallbacks'),
  kFlushError: symbolOf(message, 'kFlushError'),
  kWritableFinished: symbolOf(message, 'kWritableFinished'),
  kUniqueHeaders: symbolOf(server, 'kUniqueHeaders'),
  removedConnectionCloses: removedConnectionCloses(),
  unframedKeepsAlive: unframedKeepsAlive(),
  keepsContentLength: keepsContentLength(),
  corkIsBroken,
  losesCallbacks: Duplex.prototype.destroy !== Writable.prototype.destroy,
  successArguments: successArguments()
}
