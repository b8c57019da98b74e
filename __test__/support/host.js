'use strict'

// What the host's own `http` does, where its versions disagree and a test has
// to know. Detected by feature where that is possible.

const http = require('node:http')
const { Duplex, Writable } = require('node:stream')

const major = Number(process.versions.node.split('.')[0])
const symbols = Object.getOwnPropertySymbols(new http.OutgoingMessage())
  .map((symbol) => symbol.description)

module.exports = {
  major,
  /** Node 22+ joins the chunks of a corked message into one. */
  joinsCorkedChunks: symbols.includes('kChunkedBuffer'),
  /**
   * Node 22 and 24 put the last chunk in front of what is corked, lose the
   * `drain` of a corked message and the callbacks of a destroyed one.
   */
  corkIsBroken: symbols.includes('kChunkedBuffer') && major < 26,
  /** Stock Node 18 neither answers nor closes after some programs: it is no oracle for them. */
  stalls: major < 20,
  /** Node 26 joins the chunks of one tick, and holds the head back. */
  joinsTick: major >= 26,
  /** Node 18 forgets the callbacks of what a destroyed socket had buffered. */
  losesCallbacks: Duplex.prototype.destroy !== Writable.prototype.destroy,
  /** Node 24+ calls the callback of `end` itself, not as a `finish` listener. */
  callsEndCallbacks: symbols.includes('kEndCallbacks'),
  /** Up to Node 22 the encoding of text may be 'buffer', which is UTF-8. */
  takesBufferLabel: !symbols.includes('kEndCallbacks'),
  /** Where there are no Unix sockets. */
  isWindows: process.platform === 'win32',
  /** Where sluice writes sockets itself. */
  isLinux: process.platform === 'linux'
}
