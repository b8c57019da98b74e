'use strict'

// Early hints whose fields would split the message on the wire, and nothing else: Node 24 refuses them, earlier
// ones send them.

const http = require('node:http')
const errors = require('./errors')

const { writeEarlyHints: hostWriteEarlyHints } = http.ServerResponse.prototype

/** What ends a line of the head, or isn't allowed in one (RFC 9110 section 5.5). */
const BREAKS = /[\r\n\0]/

/** @returns {string} what Node would send of a value */
function unbroken (name, value) {
  const text = '' + value
  if (BREAKS.test(name)) http.validateHeaderName(name)
  if (BREAKS.test(text)) http.validateHeaderValue(name, text)
  return text
}

/** In the hints' place: Node reads each field in its turn, and the text that was looked at is what it sends. */
function guarded (hints) {
  const { link } = hints
  for (const one of Array.isArray(link) ? link : [link]) {
    if (typeof one !== 'symbol' && BREAKS.test(one)) throw errors.invalidLink(link)
  }
  const fields = { __proto__: null, link }
  for (const name of Object.keys(hints)) {
    if (name === 'link') continue
    Object.defineProperty(fields, name, { __proto__: null, enumerable: true, get: () => unbroken(name, hints[name]) })
  }
  return fields
}

function writeEarlyHints (hints, callback) {
  // What is no object is Node's to refuse.
  const isObject = typeof hints === 'object' && hints !== null && !Array.isArray(hints)
  return hostWriteEarlyHints.call(this, isObject ? guarded(hints) : hints, callback)
}

/** Node 24 and later look at them themselves, as leniently as the server says. */
const sendsAsGiven = hostWriteEarlyHints !== undefined &&
  /\bhints\[key\] \+ /.test(Function.prototype.toString.call(hostWriteEarlyHints))

module.exports = {
  BREAKS,
  /** What a response has besides what every outgoing message has. */
  methods: sendsAsGiven ? { writeEarlyHints } : {},
  hosts: { writeEarlyHints: hostWriteEarlyHints }
}
