'use strict'

const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { listen, tlsOptions } = require('../support/servers')
const { turn, until, deferred } = require('../support/event-loop')

/** One connection, as the origin sees it. */
class Peer {
  #pieces = []
  #paused = false
  length = 0

  constructor (socket, reader) {
    this.socket = socket
    this.port = socket.remotePort
    const closed = deferred()
    this.closed = closed.promise
    // A reset is how a client that destroys its socket says goodbye.
    socket.on('error', () => {}).on('close', closed.resolve).on('data', (piece) => {
      this.#pieces.push(piece)
      this.length += piece.length
      if (reader === 'slow' && !this.readsFast) this.#rest()
    })
    if (reader === 'paused') this.pause()
  }

  get bytes () { return Buffer.concat(this.#pieces) }

  async #rest () {
    this.socket.pause()
    await turn()
    if (!this.#paused) this.socket.resume()
  }

  pause () {
    this.#paused = true
    this.socket.pause()
  }

  resume () {
    this.#paused = false
    this.socket.resume()
  }

  /** As fast as it may from here on. */
  readFast () {
    this.readsFast = true
    this.resume()
  }

  answer (connection) {
    if (this.socket.writable) this.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: ${connection}\r\n\r\nok`)
  }

  /** With a RST, where the transport has one: plain TCP. */
  reset () {
    if (this.socket.encrypted) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}

/** A server that knows nothing of HTTP: it keeps bytes, and says and breaks what it is told to. */
class FaultOrigin {
  /** @type {Peer[]} of one program */
  peers = []
  reader = 'fast'

  static async start (transport) {
    const it = new FaultOrigin()
    const accept = (socket) => it.peers.push(new Peer(socket, it.reader))
    it.transport = transport
    it.server = transport === 'tls' ? tls.createServer(tlsOptions, accept) : net.createServer(accept)
    // A client may be gone before its handshake is done.
    it.server.on('tlsClientError', () => {})
    it.port = (await listen(it.server)).port
    return it
  }

  /** The other end of a client's socket, once it is there, or null. */
  async peerOf (socket) {
    let peer
    const isThere = () => (peer = this.peers.findLast(({ port }) => port === socket.localPort && port !== undefined))
    await until(() => isThere() || socket.destroyed)
    return peer ?? null
  }

  /** After a program that failed. */
  destroyAll () {
    for (const { socket } of this.peers) socket.destroy()
  }

  async close () {
    this.server.close()
    await once(this.server, 'close')
  }
}

module.exports = { FaultOrigin }
