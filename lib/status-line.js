'use strict'

// `writeHead` where it has nothing to decide: a status line that the host has let pass before. The host
// joins it anew for each response, and whoever compares it then joins its pieces: 0.3 µs in all.

const http = require('node:http')
const { isWrapped, ofResponse } = require('./origin')
const host = require('./host')

const hostPrototype = http.ServerResponse.prototype
const { writeHead: hostWriteHead } = hostPrototype

/** @typedef {{ message: string, line: string }} Known the reason phrase seen last, and its line */

/** By status code, from 200 on. @type {(Known | undefined)[]} */
const known = new Array(1000).fill(undefined)
const NO_BODY = [204, 304]

/** What the host has let pass once. Bodiless codes change more than the line, and stay its own. */
function remember (response, statusCode) {
  const { statusMessage, _header: head } = response
  if (statusCode !== response.statusCode || typeof statusMessage !== 'string' || typeof head !== 'string' ||
      NO_BODY.includes(statusCode) || !(statusCode >= 200 && statusCode < known.length)) return
  // Node 26 keeps lines, too, and doesn't look at `STATUS_CODES` again.
  known[statusCode] = { message: statusMessage, line: head.slice(0, head.indexOf('\r\n') + 2) }
}

/**
 * The host's rules, the same from Node 18 to 26 (`writeHead`, `_http_server.js`), where there is no
 * head yet, the code is known, and the fields come from one place.
 */
function writeHead (statusCode, reason, obj) {
  const entry = typeof statusCode === 'number' ? known[statusCode] : undefined
  const hasReason = typeof reason === 'string'
  const fields = hasReason ? obj : obj ?? reason
  const own = this[host.kOutHeaders]
  if (entry === undefined || this._header || this._expect_continue || (own && fields) ||
      entry.message !== (hasReason ? reason : this.statusMessage || http.STATUS_CODES[statusCode])) {
    hostWriteHead.call(this, statusCode, reason, obj)
    remember(this, statusCode)
    return this
  }
  this.statusMessage = entry.message
  this.statusCode = statusCode
  this._storeHeader(entry.line, own || fields)
  return this
}

/** Of a class that inherits from the host's: what others put into the host's prototype is called. */
function inherited (statusCode, reason, obj) {
  const { writeHead: now } = hostPrototype
  return now === hostWriteHead ? writeHead.call(this, statusCode, reason, obj) : now.apply(this, arguments)
}
Object.defineProperty(inherited, 'name', { value: 'writeHead' })

const isHosts = !isWrapped(hostPrototype, 'writeHead', ofResponse)

module.exports = {
  /** In the place of the host's own. */
  methods: isHosts ? { writeHead } : {},
  hosts: { writeHead: hostWriteHead },
  /** On a class of ours. */
  inherited: isHosts ? { writeHead: inherited } : {}
}
