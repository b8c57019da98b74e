'use strict'

// Random programs on connections that break at random points. What happens then is a race, so
// that there is nothing to compare; but it must stay inside the contract:
//
// - what arrives is the beginning of what the program wrote, in order, once;
// - what nothing broke arrives whole;
// - each callback runs once, in the order of the writes, with an error or without;
// - `drain` never comes more often than `write` answered false, `close` once, `finish` before it
//   unless the program ended the socket beneath the message;
// - the next connection is served.
//
// A failure prints the program; to repeat it:
//   SLUICE_SEED=… SLUICE_PATH=… npx ava __test__/generated/faults.test.js

const fs = require('node:fs')
const test = require('ava')
const fc = require('fast-check')
const host = require('../support/host')
const { subject, selfCheck } = require('../support/subject')
const { RawClient } = require('../support/raw-client')
const { startServer } = require('../support/servers')
const { turns, deferred, until } = require('../support/event-loop')
const { randomFrom } = require('../support/random')
const { WAITS } = require('./interpreter')
const { program, bytesOf, BREAKING } = require('./fault-programs')
const { readPrefix } = require('./message-prefix')
const { check, inTime } = require('./check')

const PROGRAMS = Math.ceil(Number(process.env.SLUICE_PROGRAMS ?? 6000) / 6)

/** One response: what its program did, and what became of it. */
class Exchange {
  written = 0
  refused = 0
  /** Numbers of the callbacks that were given, and of those that ran. */
  given = []
  ran = []
  /** Of writes to what takes nothing any more: they wait for nothing. */
  refusedAtOnce = new Set()
  events = []
  /** Ended when it had closed. */
  isLate = false
  #drained = null
  #owed = false

  constructor (nth, program, req, res, client) {
    Object.assign(this, { nth, program, req, res, client, socket: req.socket })
    this.closed = deferred()
    for (const name of ['finish', 'close', 'error', 'drain']) {
      res.on(name, () => {
        this.events.push(name)
        if (name === 'drain' || name === 'close') this.#drained?.resolve()
        if (name === 'drain') this.#owed = false
        if (name === 'close') this.closed.resolve()
      })
    }
    this.socket.setMaxListeners(0)
    this.socket.on('close', () => {
      this.#drained?.resolve()
      this.closed.resolve()
    })
  }

  #callback (wanted) {
    if (!wanted) return []
    const n = this.given.push(this.given.length) - 1
    if (this.res.destroyed || !this.socket.writable) this.refusedAtOnce.add(n)
    return [() => this.ran.push(n)]
  }

  #chunk (size, kind) {
    const bytes = bytesOf(this.nth, this.written, size)
    return kind === 'Buffer' ? [bytes] : kind === 'latin1' ? [bytes.toString('latin1'), 'latin1'] : [bytes.toString('latin1')]
  }

  async run () {
    const { res, socket, program } = this
    const { steps, framing, last, fault, at } = program
    if (framing === 'length') {
      const sizes = steps.filter(({ op }) => op === 'write').map(({ size }) => size)
      res.setHeader('Content-Length', sizes.reduce((sum, size) => sum + size, last.size))
    }
    let corks = 0
    for (const [n, step] of steps.entries()) {
      if (n === at) this.#fault(fault)
      switch (step.op) {
        case 'write': {
          const chunk = this.#chunk(step.size, step.kind)
          // What a message takes after its end, or not at all, is none of its body.
          const answer = res.write(...chunk, ...this.#callback(step.callback))
          this.written += step.size
          if (!answer) {
            this.refused++
            this.#owed = true
          }
          break
        }
        case 'socketWrite':
          if (!res.headersSent) res.flushHeaders()
          for (let n = res.writableCorked; n > 0; n--) res.uncork()
          socket.write(bytesOf(this.nth, this.written, step.size))
          this.written += step.size
          break
        case 'socketCork': socket.cork(); corks++; break
        case 'socketUncork': if (corks > 0) { socket.uncork(); corks-- } break
        case 'cork': res.cork(); break
        case 'uncork': res.uncork(); break
        case 'wait': await WAITS[step.kind](); break
        case 'drain':
          // Corked bytes have no drain before they are uncorked.
          if (!this.#owed || res.writableCorked > 0 || socket.writableCorked > 0 || res.destroyed || socket.destroyed) break
          this.client.resume()
          this.#drained = deferred()
          await this.#drained.promise
          break
      }
    }
    if (at >= steps.length) this.#fault(fault)
    for (; corks > 0; corks--) socket.uncork()
    const chunk = last.size > 0 ? this.#chunk(last.size, 'Buffer') : []
    this.isLate = this.events.includes('close')
    res.end(...chunk)
    this.written += last.size
    this.client.resume()
    await this.closed.promise
    await turns(3)
  }

  #fault (name) {
    const { req, res, socket, client } = this
    switch (name) {
      case 'res.destroy': res.destroy(); break
      case 'req.destroy': req.destroy(); break
      case 'socket.destroy': socket.destroy(); break
      case 'socket.resetAndDestroy': if (socket.encrypted) socket.destroy(); else socket.resetAndDestroy(); break
      case 'socket.end': socket.end(); break
      case 'socket.setTimeout': socket.setTimeout(1, () => socket.destroy()); break
      case 'client reset': client.reset(); break
      case 'client destroy': client.destroy(); break
      case 'client half-close': client.halfClose(); break
      case 'client pause': client.pause(); break
      case 'client resume': client.resume(); break
    }
  }

  /** @param {boolean} isOurs whether sluice, and not the host, calls callbacks back */
  check (isOurs) {
    // What a message is given after the program ended its socket waits for another one, for ever;
    // and where that is corked, the host too tells of `finish` when it has told of `close`.
    const isSocketEnded = this.program.fault === 'socket.end'
    const promises = isOurs && !isSocketEnded
    const { events, ran, given } = this
    const count = (name) => events.filter((event) => event === name).length
    const fail = (what) => { throw new Error(`response ${this.nth}: ${what}: ${JSON.stringify({ events, ran, given, refused: this.refused })}`) }
    if (new Set(ran).size !== ran.length) fail('a callback ran twice')
    const waited = ran.filter((n) => !this.refusedAtOnce.has(n))
    if (promises && waited.some((n, at) => at > 0 && n < waited[at - 1])) fail('callbacks out of order')
    if (promises && ran.length !== given.length) fail('a callback never ran')
    if (count('drain') > this.refused) fail('more drains than refusals')
    if (count('close') > 1 || count('finish') > 1) fail('an event came twice')
    // The host tells of the `finish` of what is ended after its `close`.
    if (!isSocketEnded && !this.isLate && count('finish') === 1 && count('close') === 1 && events.indexOf('finish') > events.indexOf('close')) fail('finish after close')
  }
}

class FaultServer {
  #server
  #current = null

  static async start (backpressure, transport) {
    const it = new FaultServer()
    it.#server = await startServer(subject, {
      transport, options: { backpressure }, listener: (req, res) => it.#serve(req, res)
    })
    it.#server.server.on('clientError', (error, socket) => socket.destroy(error))
    return it
  }

  close () { return this.#server.close() }

  #serve (req, res) {
    if (req.url === '/alive') {
      res.end('alive')
      return
    }
    const { programs, exchanges, client } = this.#current
    const nth = Number(req.url.slice(1))
    const exchange = new Exchange(nth, programs[nth], req, res, client)
    exchanges[nth] = exchange
    this.#current.scripts.push(exchange.run())
    this.#current.begun[nth].resolve()
  }

  async run ({ exchanges: programs, reader, backpressure, transport }) {
    const client = await RawClient.connect(this.#server.address, { paused: reader === 'paused' })
    if (reader === 'slow') client.readSlowly(randomFrom(1), 2)
    const current = this.#current = { programs, exchanges: [], scripts: [], client, begun: programs.map(() => deferred()) }
    let isBroken = false
    let closes = false
    for (const [nth, program] of programs.entries()) {
      const version = program.framing === 'close' ? '1.0' : '1.1'
      client.send(`GET /${nth} HTTP/${version}\r\nHost: a\r\n\r\n`)
      await Promise.race([current.begun[nth].promise, client.closed])
      if (!current.exchanges[nth]) break
      await current.scripts[nth]
      isBroken = BREAKING.includes(program.fault)
      closes = program.framing === 'close'
      const { socket } = current.exchanges[nth]
      if (isBroken || closes || socket.destroyed || socket.writableEnded) break
    }
    client.readFast()
    if (isBroken || !closes) client.halfClose()
    await client.closed
    const served = current.exchanges
    // Elsewhere the host calls them: up to 24 it forgets some, and it calls some early.
    const isOurs = backpressure === 'kernel' && transport === 'tcp' && !selfCheck
    for (const exchange of served) exchange.check(isOurs)
    this.#checkBytes(readPrefix(client.bytes), served, isBroken)
  }

  #checkBytes (responses, exchanges, isBroken) {
    if (responses.length > exchanges.length) throw new Error(`${responses.length} responses to ${exchanges.length} requests`)
    for (const [nth, { body, isWhole }] of responses.entries()) {
      const exchange = exchanges[nth]
      const expected = bytesOf(nth, 0, exchange.written)
      if (body.length > expected.length || !body.equals(expected.subarray(0, body.length))) {
        throw new Error(`response ${nth}: the ${body.length} bytes that arrived are not the first that were written`)
      }
      // A reset takes what the peer has not read, of earlier responses too.
      if ((isWhole || !isBroken) && body.length !== expected.length) {
        throw new Error(`response ${nth}: ${body.length} of ${expected.length} bytes arrived`)
      }
    }
    if (responses.length < exchanges.length && !isBroken) throw new Error('a response is missing')
  }

  /** After a program that failed. */
  giveUp () {
    const { client, exchanges } = this.#current
    for (const { socket } of exchanges) socket.destroy()
    client.destroy()
  }

  /** A response on a new connection. */
  async checkAlive () {
    const client = await RawClient.connect(this.#server.address)
    client.send('GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.closed
    if (!client.text.endsWith('\r\n\r\nalive')) throw new Error(`the next connection got ${JSON.stringify(client.text)}`)
  }
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length

const run = host.stalls ? test.serial.skip : test.serial

run(`${PROGRAMS} random programs whose connection may break`, async (t) => {
  t.timeout(300_000)
  const servers = {}
  for (const transport of ['tcp', 'tls']) {
    for (const backpressure of ['kernel', 'high-water-mark']) {
      servers[`${transport} ${backpressure}`] = await FaultServer.start(backpressure, transport)
    }
  }
  await servers['tcp kernel'].checkAlive()
  const before = descriptors()
  try {
    const property = fc.asyncProperty(program, async (program) => {
      const server = servers[`${program.transport} ${program.backpressure}`]
      subject.configure?.({ backpressure: program.backpressure })
      await inTime(server.run(program), () => server.giveUp())
      await server.checkAlive()
    })
    await check(t, property, PROGRAMS)
    // The readiness thread has two of its own.
    if (process.platform === 'linux') await until(() => descriptors() <= before + 2)
  } finally {
    for (const server of Object.values(servers)) await server.close()
  }
  t.pass()
})
