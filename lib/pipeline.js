'use strict'

// Pipelined responses (RFC 9112 section 9.3.2) that have ended before their turn came. Node sends each when
// the one before it has finished; here those behind leave with it, in one call for them all: the call is
// half of what such a response costs. Their turns, and with them their events, stay Node's.

const { native, BYTES } = require('./binding')
const { codeOf, crossingCode, lengthOf } = require('./encoding')
const host = require('./host')

/** Requests that are remembered: one for which nobody ends the response stands before all that follow. */
const MOST = 1024

/** Bytes of a response that goes ahead. Each of its pieces is copied (`HOLD_FROM`, src/binding/body.rs). */
const MOST_AHEAD = 8 * 1024 - 1

/** @typedef {import('node:http').ServerResponse} Response */

/** Whether something runs when a piece of the response has left, but what Node runs after the last. */
function hasCallbacks ({ outputData }) {
  return outputData.some(({ callback }, n) => Boolean(callback) && n !== outputData.length - 1)
}

/** Node 24 and later don't make a listener of the callback of `end`. */
function hasEndCallbacks (response) {
  return host.kEndCallbacks !== undefined && response[host.kEndCallbacks]?.length > 0
}

/** Whether nothing of the program's comes between the response and the one behind it. @param {Response} response */
function isUnheard (response) {
  return !response._last && response.listenerCount('finish') === 1 && response.listenerCount('close') === 0 &&
    response.listenerCount('prefinish') === 0 && !hasEndCallbacks(response) && !hasCallbacks(response)
}

function lengthOfPiece ({ data, encoding }) {
  return typeof data === 'string' ? lengthOf(data, codeOf(encoding)) : data.length
}

class Pipeline {
  /** @param {import('./connection').Connection} connection */
  constructor (connection) {
    this.connection = connection
    /** Those that came while another's response had the connection. @type {{ request: object, response: Response | null }[]} */
    this.waiting = []
    this.parser = connection.socket.parser
    this.hosts = this.parser.onIncoming
    this.ours = (request, keepAlive) => {
      this.arrived(request)
      return this.hosts.call(this.parser, request, keepAlive)
    }
    this.parser.onIncoming = this.ours
  }

  arrived (request) {
    const { waiting } = this
    if (!request.socket._httpMessage || waiting.length === MOST) waiting.length = 0
    else waiting.push({ request, response: null })
  }

  /** The response has ended, and has no socket yet. @param {Response} response */
  ended (response) {
    const entry = this.waiting.findLast(({ request }) => request === response.req)
    if (entry !== undefined) entry.response = response
  }

  /**
   * The response's turn has come, and all its pieces are queued: queues those of the responses behind it.
   * @param {number} room that the kernel has for them
   */
  follow (response, room) {
    const { waiting } = this
    const place = waiting.findIndex(({ request }) => request === response.req)
    // Of one that came before the others were counted, nobody knows which is the next.
    if (place < 0) waiting.length = 0
    let count = place + 1
    for (let before = response; count < waiting.length; count++) {
      const next = waiting[count].response
      if (next === null || !isUnheard(before) || !this.mayGoAhead(next)) break
      const length = next.outputData.reduce((sum, piece) => sum + lengthOfPiece(piece), 0)
      if (length > MOST_AHEAD || length > room) break
      room -= length
      this.queue(next)
      before = next
    }
    waiting.splice(0, count)
  }

  /** @param {Response} response that has ended */
  mayGoAhead (response) {
    return !response.destroyed && !response.socket && response.outputData.length !== 0 && !hasCallbacks(response)
  }

  /** What stays is the piece of no bytes with what Node runs at the end. */
  queue (response) {
    const { id } = this.connection
    for (const { data, encoding } of response.outputData) {
      if (data.length !== 0) native.append(id, data, typeof data === 'string' ? crossingCode(data, codeOf(encoding)) : BYTES, 0)
    }
    response.outputData = [{ data: '', encoding: 'latin1', callback: response.outputData.at(-1).callback }]
    response._onPendingData(-response.outputSize)
    response.outputSize = 0
  }

  giveBack () {
    if (this.parser.onIncoming === this.ours) this.parser.onIncoming = this.hosts
  }
}

module.exports = { Pipeline }
