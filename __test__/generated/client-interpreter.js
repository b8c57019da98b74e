'use strict'

const http = require('node:http')
const https = require('node:https')
const net = require('node:net')
const tls = require('node:tls')
const { once } = require('node:events')
const { Recorder } = require('../support/recorder')
const { listen, tlsOptions } = require('../support/servers')
const { turns, tick, until, deferred } = require('../support/event-loop')
const { realise, lengthOf, bodyLength } = require('./programs')

const EVENTS = ['continue', 'abort', 'timeout']

/** A server that knows nothing of HTTP: it keeps bytes, and says what it is told to. */
class Origin {
  /** @type {{ socket: net.Socket, pieces: Buffer[], length: number, closed: Promise<void> }[]} of one run */
  connections = []

  static async start (transport) {
    const it = new Origin()
    it.transport = transport
    it.server = transport === 'tls'
      ? tls.createServer(tlsOptions, (socket) => it.#accept(socket))
      : net.createServer((socket) => it.#accept(socket))
    it.port = (await listen(it.server)).port
    return it
  }

  #accept (socket) {
    const closed = deferred()
    const connection = { socket, pieces: [], length: 0, closed: closed.promise }
    this.connections.push(connection)
    // A reset is how a client that destroys its socket says goodbye.
    socket.on('error', () => {}).on('close', closed.resolve).on('data', (piece) => {
      connection.pieces.push(piece)
      connection.length += piece.length
    })
  }

  /** The other end of a client's socket, once it is there. */
  async peerOf (socket) {
    const { localPort } = socket
    const find = () => this.connections.find(({ socket }) => socket.remotePort === localPort)
    await until(() => socket.destroyed || find())
    return find()
  }

  async close () {
    this.server.close()
    await once(this.server, 'close')
  }
}

/** One request of a program. */
class Exchange {
  #origin
  #request
  #finished = deferred()
  #closed = deferred()
  #answered = false
  #socket = null
  /** Bytes that the connection had got before this request. */
  #before = 0
  /** The program's own: Node corks for a tick of its own. */
  #corks = 0

  constructor (origin, request, agent, ready) {
    this.#origin = origin
    this.#request = request
    const { method, framing, name, expect, connection } = request
    const headers = { Host: 'a' }
    if (framing === 'length') headers['Content-Length'] = bodyLength(request)
    if (framing === 'wrong length') headers['Content-Length'] = 7
    if (framing === 'chunked') headers['Transfer-Encoding'] = 'chunked'
    if (name !== null) headers['X-Name'] = name
    if (expect) headers.Expect = '100-continue'
    if (connection !== null) headers.Connection = connection
    const { request: open } = origin.transport === 'tls' ? https : http
    const req = this.req = open({
      host: '127.0.0.1', port: origin.port, path: '/', method, headers, agent, rejectUnauthorized: false
    })
    const recorder = this.recorder = new Recorder(req)
    for (const event of EVENTS) req.on(event, () => recorder.note(event))
    req.on('information', ({ statusCode }) => recorder.note('information', [statusCode]))
    req.on('response', (res) => {
      recorder.note('response', [res.statusCode])
      res.on('data', (piece) => recorder.note('response data', [piece.toString()]))
      for (const event of ['end', 'aborted', 'error', 'close']) res.on(event, (...args) => recorder.note(`response ${event}`, args))
    })
    req.on('finish', this.#finished.resolve)
    req.on('close', this.#closed.resolve)
    req.once('socket', (socket) => {
      this.#socket = socket
      if (!ready.has(socket)) {
        ready.set(socket, new Promise((resolve) => {
          socket.once(origin.transport === 'tls' ? 'secureConnect' : 'connect', resolve).once('close', resolve)
        }))
      }
      this.#before = origin.connections.find((peer) => peer.socket.remotePort === socket.localPort)?.length ?? 0
    })
    this.ready = ready
  }

  /**
   * Waits until the peer has all that has left the message; what the program corks stays.
   * @returns the other end
   */
  async #settle () {
    await until(() => this.#socket !== null || this.req.destroyed)
    const socket = this.#socket
    if (socket === null) return undefined
    await this.ready.get(socket)
    const peer = await this.#origin.peerOf(socket)
    await until(() => socket.destroyed || this.#corks > 0 || peer.length === socket.bytesWritten)
    await turns(3)
    return peer
  }

  /** What the peer says in between, if it has got anything to answer. */
  async #say (head, event) {
    const { req } = this
    const peer = await this.#settle()
    if (peer === undefined || this.#answered || req.destroyed || peer.length === this.#before) return
    const said = Promise.race([new Promise((resolve) => req.once(event, resolve)), this.#closed.promise])
    peer.socket.write(head)
    const [res] = [await said]
    if (event !== 'response' || typeof res?.resume !== 'function') return turns(2)
    this.#answered = true
    if (!res.closed) await Promise.race([new Promise((resolve) => res.once('close', resolve)), this.#closed.promise])
    await turns(2)
  }

  #answer () {
    const { method, closes } = this.#request
    const fields = `Content-Length: 2\r\nConnection: ${closes ? 'close' : 'keep-alive'}\r\n\r\n`
    return this.#say(`HTTP/1.1 200 OK\r\n${fields}${method === 'HEAD' ? '' : 'ok'}`, 'response')
  }

  #uncorkAll () {
    for (; this.#corks > 0; this.#corks--) this.recorder.m.uncork()
  }

  async run () {
    const { m, cb } = this.recorder
    let n = 0
    const callbacks = (wanted, chunk) => wanted ? [cb(chunk && lengthOf(chunk) === 0 ? `of nothing ${n}` : n)] : []
    for (const step of this.#request.steps) {
      n++
      switch (step.op) {
        case 'write': m.write(...realise(step.chunk), ...callbacks(step.callback, step.chunk)); break
        case 'setHeader': m.setHeader(step.name, structuredClone(step.value)); break
        case 'removeHeader': m.removeHeader(step.name); break
        case 'flushHeaders': m.flushHeaders(); break
        case 'addTrailers': m.addTrailers(step.fields); break
        case 'cork': m.cork(); this.#corks++; break
        case 'uncork': if (this.#corks > 0) { m.uncork(); this.#corks-- } break
        case 'end': m.end(...(step.chunk === null ? [] : realise(step.chunk)), ...callbacks(step.callback)); break
        case 'interim': await this.#say(`HTTP/1.1 ${step.status} Wait\r\n\r\n`, step.status === 100 ? 'continue' : 'information'); break
        case 'answer': await this.#answer(); break
        case 'destroy':
          // What a destroy tears away is a matter of timing: all has arrived before.
          this.#uncorkAll()
          await this.#settle()
          m.destroy(...(step.error ? [new Error('enough')] : []))
          break
        case 'wait':
          if (step.kind === 'microtask') await null
          else if (step.kind === 'tick') await tick()
          else await this.#settle()
      }
    }
    n = 'last'
    const { chunk, callback } = this.#request.last
    m.end(...(chunk === null ? [] : realise(chunk)), ...callbacks(callback))
    // The next request has the socket as this one leaves it.
    this.recorder.note('corks', [this.req.writableCorked, this.#socket?.writableCorked])
    this.#uncorkAll()
    await Promise.race([this.#finished.promise, this.#closed.promise])
    await this.#answer()
    await this.#closed.promise
    await turns(3)
    this.recorder.snapshot('at the end')
  }
}

/**
 * Runs a program; returns everything that can be compared.
 * @param {Origin} origin
 */
async function runClient (origin, { requests, agent: kind }) {
  const { Agent } = origin.transport === 'tls' ? https : http
  const agent = kind === 'none' ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  const exchanges = []
  const ready = new Map()
  origin.connections = []
  for (const request of requests) {
    const exchange = new Exchange(origin, request, agent, ready)
    await exchange.run()
    const { log, returns, snapshots } = exchange.recorder
    exchanges.push({ log, returns, snapshots })
  }
  if (agent) agent.destroy()
  const { connections } = origin
  await Promise.all(connections.map(({ closed }) => closed))
  return { connections: connections.map(({ pieces }) => Buffer.concat(pieces)), exchanges }
}

module.exports = { Origin, runClient }
