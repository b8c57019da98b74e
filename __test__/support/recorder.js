'use strict'

const { maskDate } = require('./normalise')

const EVENTS = ['socket', 'prefinish', 'finish', 'close', 'drain', 'error', 'pipe', 'unpipe']
const OF_END = ['prefinish', 'finish', 'close']

/** A value as it can be compared between two runs. */
function describe (value, message) {
  if (value === message) return '<message>'
  if (value instanceof Error) {
    return { error: value.constructor.name, code: value.code, message: value.message }
  }
  if (value === undefined) return '<undefined>'
  if (typeof value === 'function') return '<function>'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return `<${value.constructor?.name ?? 'object'}>`
  }
  return value
}

/** The message's visible fields. */
const FIELDS = [
  'finished', 'headersSent', 'writableEnded', 'writableFinished', 'writableObjectMode',
  'destroyed', 'closed', 'errored', 'writable', '_hasBody', 'chunkedEncoding', 'shouldKeepAlive',
  'useChunkedEncodingByDefault', 'sendDate', '_last', '_contentLength', '_closed', '_headerSent',
  '_removedConnection', '_removedContLen', '_removedTE', '_defaultKeepAlive', '_sent100',
  '_expect_continue', '_trailer', 'strictContentLength', 'statusCode', 'statusMessage',
  'maxRequestsOnConnectionReached'
]

/**
 * Writes down what a message does: results and errors of calls, events and
 * callbacks in their order, each with the call inside which it ran, if any.
 */
class Recorder {
  /** Events and callbacks, in order. */
  log = []
  /** Results of calls, in order. */
  returns = []
  /** Copies of the visible fields, by label. */
  snapshots = {}
  #message
  #inside = null

  /** @param {{ hearsEnd?: boolean }} [options] `hearsEnd: false` leaves the events of its end alone */
  constructor (message, { hearsEnd = true } = {}) {
    this.#message = message
    for (const event of hearsEnd ? EVENTS : EVENTS.filter((name) => !OF_END.includes(name))) {
      message.on(event, (...args) => this.note(event, args))
    }
    /** The message as scripts use it: each method call is recorded. */
    this.m = new Proxy(message, {
      get: (target, name) => typeof target[name] === 'function'
        ? (...args) => this.call(String(name), () => target[name](...args))
        : target[name],
      set: (target, name, value) => Reflect.set(target, name, value, target)
    })
    this.cb = (label) => (...args) => this.note(`callback ${label}`, args)
  }

  note (name, args = []) {
    // How many arguments a callback of no error gets depends, on Node 18, on its neighbours.
    while (args.length !== 0 && args.at(-1) === undefined) args = args.slice(0, -1)
    this.log.push({
      name,
      args: args.map((arg) => describe(arg, this.#message)),
      during: this.#inside
    })
  }

  /** Runs one call; its error is recorded, not thrown. */
  call (name, action) {
    const label = `${this.returns.length}:${name}`
    const outer = this.#inside
    this.#inside = label
    const entry = { call: label, result: '<running>' }
    this.returns.push(entry)
    let result
    try {
      result = action()
      entry.result = describe(result, this.#message)
    } catch (error) {
      entry.result = { thrown: describe(error) }
    } finally {
      this.#inside = outer
    }
    return result
  }

  snapshot (label) {
    const message = this.#message
    const fields = { _header: maskDate(message._header), socket: message.socket !== null }
    for (const name of FIELDS) fields[name] = describe(message[name], message)
    fields.headers = { ...message.getHeaders() }
    this.snapshots[label] = fields
  }
}

module.exports = { Recorder, describe }
