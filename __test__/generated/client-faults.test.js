'use strict'

// Random programs of http.request and https.request on connections that break at random points,
// to an origin that reads as it likes and answers when it likes. Stock Node keeps to this, too:
//
// - what arrives is the beginning of what the program wrote, in order, once;
// - what nothing broke arrives whole, and is answered;
// - each callback runs once, in the order of the writes, with an error only if the connection broke;
// - `drain` comes once for each time that `write` answered false, unless the request ends before;
// - `close` comes once, and last; `error` at most once, and never where nothing broke.
//
// A failure prints the program; to repeat it:
//   SLUICE_SEED=… SLUICE_PATH=… npx ava __test__/generated/client-faults.test.js

const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const test = require('ava')
const fc = require('fast-check')
const sluice = require('../..')
const host = require('../support/host')
const { selfCheck } = require('../support/subject')
const { turns, deferred, until } = require('../support/event-loop')
const { WAITS } = require('./interpreter')
const { FaultOrigin } = require('./fault-origin')
const { clientFaultProgram, bytesOf, CLIENT_BREAKING } = require('./fault-programs')
const { readPrefix, REQUEST } = require('./message-prefix')
const { check, inTime } = require('./check')

const PROGRAMS = Math.ceil(Number(process.env.SLUICE_PROGRAMS ?? 6000) / 12)
const EVENTS = ['finish', 'close', 'error', 'drain']

/** One request: what its program did, and what became of it. */
class Exchange {
  written = 0
  /** Numbers of the callbacks that were given, and of those that ran. */
  given = 0
  ran = []
  failed = 0
  /** Of writes to what takes nothing any more: they wait for nothing. */
  refusedAtOnce = new Set()
  events = []
  wrong = []
  socket = null
  isConnected = false
  isDropped = false
  isBroken = false
  isAnswered = false
  isRead = false
  /** Bytes that the connection had got before this request. */
  #before = 0
  #owed = false
  #drained = null
  #closed = deferred()
  #finished = deferred()

  constructor (nth, program, origin, agent, keepsDrain) {
    Object.assign(this, { nth, program, origin, keepsDrain })
    const headers = { Host: 'a' }
    if (program.framing === 'chunked') headers['Transfer-Encoding'] = 'chunked'
    else {
      const sizes = program.steps.filter(({ op }) => op === 'write').map(({ size }) => size)
      headers['Content-Length'] = sizes.reduce((sum, size) => sum + size, program.last.size)
    }
    const { request } = origin.transport === 'tls' ? https : http
    const req = this.req = request({
      host: '127.0.0.1', port: origin.port, path: `/${nth}`, method: 'POST', headers, agent, rejectUnauthorized: false
    })
    for (const name of EVENTS) req.on(name, () => this.#note(name))
    req.on('socket', (socket) => {
      this.socket = socket
      this.#before = origin.peers.findLast(({ port }) => port === socket.localPort && port !== undefined)?.length ?? 0
      if (socket.connecting) socket.once('connect', () => { this.isConnected = true })
      else this.isConnected = true
    })
    req.on('response', (res) => {
      res.on('end', () => { this.isRead = true }).on('error', () => {}).resume()
    })
  }

  #note (name) {
    if (this.events.includes('close')) this.wrong.push(`${name} after close`)
    this.events.push(name)
    if (name === 'drain') {
      if (!this.#owed) this.wrong.push('a drain that nothing owed')
      this.#owed = false
    }
    if (name === 'drain' || name === 'close') this.#drained?.resolve()
    if (name === 'finish') this.#finished.resolve()
    if (name === 'close') {
      this.#finished.resolve()
      this.#closed.resolve()
    }
  }

  #callback (wanted) {
    if (!wanted) return []
    const n = this.given++
    if (this.req.destroyed || this.socket?.writable === false) this.refusedAtOnce.add(n)
    return [(error) => {
      this.ran.push(n)
      if (!error) return
      this.failed++
      if (!(error instanceof Error)) this.wrong.push(`a callback got ${error}`)
    }]
  }

  #chunk (size, kind) {
    const bytes = bytesOf(this.nth, this.written, size)
    this.written += size
    return kind === 'Buffer' ? [bytes] : kind === 'latin1' ? [bytes.toString('latin1'), 'latin1'] : [bytes.toString('latin1')]
  }

  /** The other end, once there is one. */
  async #peer () {
    await until(() => this.socket !== null || this.req.destroyed)
    return this.socket === null ? null : this.origin.peerOf(this.socket)
  }

  async run () {
    const { req, program } = this
    const { steps, last, fault, at } = program
    let corks = 0
    for (const [n, step] of steps.entries()) {
      if (n === at) await this.#fault(fault)
      switch (step.op) {
        case 'write':
          if (!req.write(...this.#chunk(step.size, step.kind), ...this.#callback(step.callback))) this.#owed = true
          break
        case 'cork': req.cork(); corks++; break
        case 'uncork': if (corks > 0) { req.uncork(); corks-- } break
        case 'wait': await WAITS[step.kind](); break
        case 'drain': await this.#drain()
      }
    }
    if (at >= steps.length) await this.#fault(fault)
    for (; corks > 0; corks--) req.uncork()
    req.end(...(last.size > 0 ? this.#chunk(last.size, 'Buffer') : []))
    const peer = await this.#peer()
    peer?.readFast()
    await this.#finished.promise
    if (!this.isAnswered && !this.events.includes('close') && peer) {
      await until(() => this.socket.destroyed || this.events.includes('close') || peer.length === this.socket.bytesWritten)
      peer.answer('keep-alive')
    }
    await this.#closed.promise
    // What broke a connection is over before the next request looks for one.
    const { socket } = this
    if (this.isBroken && fault !== 'req.setTimeout' && socket !== null) await until(() => socket.destroyed)
    // An agent that is destroyed tears away what TLS has not sent.
    else if (peer) await until(() => socket.destroyed || peer.length === socket.bytesWritten)
    await turns(3)
  }

  async #drain () {
    const { req, socket } = this
    // Corked bytes have no drain before they are uncorked.
    if (!this.#owed || req.writableCorked > 0 || req.destroyed || socket?.writable === false) return
    // Node forgets what is due then.
    if (this.isAnswered && !this.keepsDrain) return
    this.#drained = deferred()
    // The socket may close before the request does.
    const peer = await this.#peer()
    peer?.resume()
    if (!this.#owed || req.destroyed) return
    await this.#drained.promise
  }

  async #fault (name) {
    const { req } = this
    // Without an agent that keeps it, a connection ends with the answer.
    this.isBroken = CLIENT_BREAKING.includes(name) || (name === 'origin answers early' && !this.req.agent?.keepAlive)
    const destroying = (action) => (...values) => {
      this.isDropped ||= !this.isConnected || req.outputData.length > 0
      action(...values)
    }
    if (name.startsWith('origin')) {
      const peer = await this.#peer()
      // An answer to nothing is none.
      const mayAnswer = peer?.length > this.#before
      if (name.startsWith('origin answers') && !mayAnswer) this.isBroken = false
      else if (peer !== null) destroying(() => this.#originFault(name, peer))()
      return
    }
    const onSocket = (action) => this.socket === null ? req.once('socket', destroying(action)) : destroying(action)(this.socket)
    switch (name) {
      case 'req.destroy': destroying(() => req.destroy())(); break
      case 'req.destroy with an error': destroying(() => req.destroy(new Error('enough')))(); break
      case 'socket.destroy': onSocket((socket) => socket.destroy()); break
      case 'socket.resetAndDestroy': onSocket((socket) => socket.encrypted ? socket.destroy() : socket.resetAndDestroy()); break
      case 'socket.end': onSocket((socket) => socket.end()); break
      case 'req.setTimeout': req.setTimeout(1, destroying(() => req.destroy())); break
    }
  }

  #originFault (name, peer) {
    switch (name) {
      case 'origin reset': peer.reset(); break
      case 'origin destroy': peer.socket.destroy(); break
      case 'origin half-close': peer.socket.end(); break
      case 'origin pauses': peer.pause(); break
      case 'origin resumes': peer.resume(); break
      case 'origin answers early': this.isAnswered = true; peer.answer('keep-alive'); break
      case 'origin answers and closes': this.isAnswered = true; peer.answer('close'); break
    }
  }

  /** @param {boolean} isOurs whether sluice, and not the host, calls callbacks back */
  check (isOurs) {
    const { events, ran, given, wrong } = this
    const count = (name) => events.filter((event) => event === name).length
    const never = (what, holds) => { if (holds) wrong.push(what) }
    never('a callback ran twice', new Set(ran).size !== ran.length)
    const waited = ran.filter((n) => !this.refusedAtOnce.has(n))
    // On Node 18 a destroyed socket's buffer may fail before what is on its way.
    never('callbacks out of order', ((isOurs && !host.losesCallbacks) || !this.isBroken) && waited.some((n, at) => at > 0 && n < waited[at - 1]))
    // Whatever waits for a socket that is never there, or not any more, the host drops with its callbacks.
    const due = this.isDropped ? [] : Array.from({ length: given }, (_, n) => n).filter((n) => !this.refusedAtOnce.has(n))
    never('a callback never ran', (isOurs || !this.isBroken) && due.some((n) => !ran.includes(n)))
    never('an event came twice', ['finish', 'close', 'error'].some((name) => count(name) > 1))
    never('no close', count('close') !== 1)
    if (!this.isBroken) {
      never('a callback failed', this.failed > 0)
      never('an error', count('error') > 0)
      never('no finish', count('finish') !== 1)
      never('the answer was not read', !this.isRead)
    }
    if (wrong.length === 0) return
    throw new Error(`request ${this.nth}: ${wrong.join(', ')}: ${JSON.stringify({ events, ran, given, failed: this.failed })}`)
  }
}

/** The bodies that arrived, against those that were written. */
function checkBytes (peers, exchanges) {
  const whole = new Set()
  for (const { bytes } of peers) {
    for (const { line, body, isWhole } of readPrefix(bytes, REQUEST)) {
      const nth = Number(/\d+/.exec(line)[0])
      const { written } = exchanges[nth]
      const expected = bytesOf(nth, 0, written)
      if (!body.equals(expected.subarray(0, body.length))) {
        throw new Error(`request ${nth}: the ${body.length} bytes that arrived are not the first that were written`)
      }
      if (!isWhole) continue
      if (body.length !== written) throw new Error(`request ${nth}: ${body.length} of ${written} bytes arrived as the whole`)
      if (whole.has(nth)) throw new Error(`request ${nth} arrived twice`)
      whole.add(nth)
    }
  }
  for (const { nth, isBroken } of exchanges) {
    if (!isBroken && !whole.has(nth)) throw new Error(`request ${nth} did not arrive whole`)
  }
}

/** @param {FaultOrigin} origin */
async function runProgram (origin, { exchanges: programs, agent: kind, reader, backpressure, transport }) {
  if (!selfCheck && !sluice.install({ backpressure }) && sluice.native) throw new Error('sluice was not installed')
  const { Agent } = transport === 'tls' ? https : http
  const agent = kind === 'none' ? false : new Agent({ keepAlive: true, maxSockets: 1 })
  Object.assign(origin, { peers: [], reader })
  const exchanges = []
  const isKernel = backpressure === 'kernel' && !selfCheck
  try {
    for (const [nth, program] of programs.entries()) {
      const exchange = new Exchange(nth, program, origin, agent, isKernel)
      exchanges.push(exchange)
      await exchange.run()
    }
  } finally {
    sluice.uninstall()
  }
  if (agent) agent.destroy()
  for (const peer of origin.peers) peer.readFast()
  await Promise.all(origin.peers.map(({ closed }) => closed))
  // Elsewhere the host calls them, and up to 24 it forgets some.
  const isOurs = isKernel && transport === 'tcp'
  for (const exchange of exchanges) exchange.check(isOurs)
  checkBytes(origin.peers, exchanges)
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length

test.serial(`${PROGRAMS} random programs of clients whose connection may break`, async (t) => {
  t.timeout(600_000)
  const origins = { tcp: await FaultOrigin.start('tcp'), tls: await FaultOrigin.start('tls') }
  const before = process.platform === 'linux' && descriptors()
  try {
    const property = fc.asyncProperty(clientFaultProgram, (program) => {
      const origin = origins[program.transport]
      return inTime(runProgram(origin, program), () => origin.destroyAll())
    })
    const holds = await check(t, property, PROGRAMS)
    // The readiness thread has two of its own.
    if (holds && process.platform === 'linux') await until(() => descriptors() <= before + 2)
  } finally {
    for (const origin of Object.values(origins)) await origin.close()
  }
  t.pass()
})
