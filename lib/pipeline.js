'use strict'

// Pipelined responses (RFC 9112 section 9.3.2) that have ended before their turn came. Node sends each when
// the one before it has finished; here those behind leave with it, in one call for them all: the call is
// half of what such a response costs. Their turns, and with them their events, stay Node's.

const http = require('node:http')
const { native } = require('./binding')
const { crossingCodeOf, queuedLength } = require('./encoding')
const { isWrapped, ofTurn } = require('./origin')
const { _flush: flush } = require('./drain')
const host = require('./host')

/** Requests that are remembered: one for which nobody ends the response stands before all that follow. */
const MOST = 1024

/** Bytes of a response that goes ahead. Each of its pieces is copied (`HOLD_FROM`, src/binding/body.rs). */
const MOST_AHEAD = 8 * 1024 - 1

const { __lookupSetter__: lookupSetter } = Object.prototype
const { prototype } = http.ServerResponse
/** What Node calls on a response in its turn. */
const turn = Object.fromEntries(Object.keys(ofTurn).map((name) => [name, prototype[name]]))
const isHosts = !Object.keys(ofTurn).some((name) => isWrapped(prototype, name, ofTurn))

/** @typedef {import('node:http').ServerResponse} Response */
/** @typedef {{ response: Response | null, hasEnded: boolean }} Waiting */

/** Whether something runs when a piece of the response has left, but what Node runs after the last. */
function hasCallbacks ({ outputData }) {
  return outputData.some(({ callback }, n) => Boolean(callback) && n !== outputData.length - 1)
}

/** Node 24 and later don't make a listener of the callback of `end`. */
function hasEndCallbacks (response) {
  return host.kEndCallbacks !== undefined && response[host.kEndCallbacks]?.length > 0
}

/** Whether nobody hears of the response's turn but Node. A loop over the names is 3 % of a pipelined response. */
function isPlain (response) {
  return response.assignSocket === turn.assignSocket && response.detachSocket === turn.detachSocket &&
    response._finish === turn._finish && response._flushOutput === turn._flushOutput &&
    response.emit === turn.emit && response._flush === flush && !hasCallbacks(response)
}

/** Whether nothing of the program's comes between the response and the one behind it. @param {Response} response */
function isUnheard (response) {
  return !response._last && response.listenerCount('finish') === 1 && response.listenerCount('close') === 0 &&
    response.listenerCount('prefinish') === 0 && !hasEndCallbacks(response) && isPlain(response)
}

/** @param {Waiting} waiting */
function mayGoAhead ({ response, hasEnded }) {
  return hasEnded && !response.destroyed && !response.socket && response.outputData.length !== 0 &&
    response.listenerCount('socket') === 0 && isPlain(response)
}

class Pipeline {
  /** @param {import('./connection').Connection} connection */
  constructor (connection) {
    this.connection = connection
    /** Those that came while another's response had the connection, in their order. @type {Waiting[]} */
    this.waiting = []
    /** The response that had the connection when the last of them came. @type {Response | null} */
    this.current = null
    this.parser = connection.socket.parser
    this.hosts = this.parser.onIncoming
    this.ours = (request, keepAlive) => this.arrived(request, keepAlive)
    this.parser.onIncoming = this.ours
  }

  /** In the place of Node's own. */
  arrived (request, keepAlive) {
    const { waiting, hosts, parser } = this
    if (!request.socket._httpMessage || waiting.length === MOST) {
      waiting.length = 0
      return hosts.call(parser, request, keepAlive)
    }
    const entry = { response: null, hasEnded: false }
    this.current = request.socket._httpMessage
    waiting.push(entry)
    const restore = hearEmit(request.socket.server, request, (response) => { entry.response = response })
    try {
      return hosts.call(parser, request, keepAlive)
    } finally {
      restore()
    }
  }

  /** The response has ended, and has no socket yet. @param {Response} response */
  ended (response) {
    const entry = this.waiting.findLast((one) => one.response === response)
    if (entry !== undefined) entry.hasEnded = true
  }

  /**
   * The response has its turn: neither it nor those before it wait.
   * @param {Response} response
   * @returns {boolean} whether it did
   */
  reached (response) {
    const { waiting } = this
    const place = waiting.findIndex((one) => one.response === response)
    if (place >= 0) waiting.splice(0, place + 1)
    // Of another one nobody knows what stands between it and those that are known.
    else if (response !== this.current) waiting.length = 0
    if (waiting.length === 0) this.current = null
    return place >= 0
  }

  /**
   * All pieces of the response that has its turn are queued: queues those of the ones behind it.
   * @param {Response} response
   * @param {number} room that the kernel has for them
   */
  follow (response, room) {
    if (!this.reached(response)) return
    const { waiting } = this
    let before = response
    let count = 0
    for (; count < waiting.length; count++) {
      const next = waiting[count]
      if (!isHosts || !isUnheard(before) || !mayGoAhead(next)) break
      const length = queuedLength(next.response)
      if (length > MOST_AHEAD || length > room) break
      room -= length
      this.queue(next.response)
      before = next.response
    }
    waiting.splice(0, count)
  }

  /** What stays is the piece of no bytes with what Node runs at the end. */
  queue (response) {
    const { id } = this.connection
    for (const { data, encoding } of response.outputData) {
      if (data.length !== 0) native.append(id, data, crossingCodeOf(data, encoding), 0)
    }
    response.outputData = [{ data: '', encoding: 'latin1', callback: response.outputData.at(-1).callback }]
    response._onPendingData(-response.outputSize)
    response.outputSize = 0
  }

  giveBack () {
    this.waiting.length = 0
    this.current = null
    if (this.parser.onIncoming === this.ours) this.parser.onIncoming = this.hosts
  }
}

/**
 * Until its first event: Node itself tells there which response is the request's. What a program says of
 * them can be changed (`res.req`), or be of a response that Node never made.
 * @param {import('node:http').Server} server
 * @param {import('node:http').IncomingMessage} request
 * @param {(response: Response) => void} hear
 * @returns {() => void} what ends it
 */
function hearEmit (server, request, hear) {
  const { emit } = server
  const before = Object.getOwnPropertyDescriptor(server, 'emit')
  const restore = () => {
    if (server.emit !== ours) return
    if (before === undefined) delete server.emit
    else Object.defineProperty(server, 'emit', before)
  }
  const ours = function (event, given, response) {
    restore()
    if (given === request && response instanceof http.ServerResponse) hear(response)
    return emit.apply(this, arguments)
  }
  // Setting it takes 0.1 µs, and defining it 0.4. An inherited setter would be called.
  const isSet = before === undefined && lookupSetter.call(server, 'emit') === undefined && Reflect.set(server, 'emit', ours)
  if (!isSet && before?.configurable !== false && Object.isExtensible(server)) {
    Object.defineProperty(server, 'emit', { __proto__: null, value: ours, writable: true, configurable: true, enumerable: before?.enumerable ?? true })
  }
  return restore
}

module.exports = { Pipeline }
