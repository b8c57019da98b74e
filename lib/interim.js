'use strict'

// Early hints whose fields would split the message on the wire, and nothing else: Node 24 refuses them, earlier
// ones send them.

const http = require('node:http')
const errors = require('./errors')

const { writeEarlyHints: hostWriteEarlyHints } = http.ServerResponse.prototype

/** What ends a line of the head, or isn't allowed in one (RFC 9110 section 5.5). */
const BREAKS = /[\r\n\0]/

/** Whether a line ends in what is sent of a text: the low byte of each code unit (`_writeRaw`, 'ascii'). U+4E0A ends one. */
const breaks = (text) => BREAKS.test(Buffer.from(text, 'latin1').latin1Slice())

/** @returns {string} what Node would send of a value */
function unbroken (name, value) {
  const text = '' + value
  if (breaks(name)) http.validateHeaderName(name)
  if (breaks(text)) http.validateHeaderValue(name, text)
  return text
}

/** Of an object, the text that Node would send: it looks at what `toString` gives, and sends what `valueOf` does. */
const textOf = (link) => typeof link === 'object' && link !== null ? '' + link : link

/** What is neither text nor a list is Node's to refuse. */
function unbrokenLink (link) {
  if (Array.isArray(link)) {
    const texts = Array.from(link, textOf)
    if (texts.some((text) => typeof text === 'string' && breaks(text))) throw errors.invalidLink(link)
    return texts
  }
  if (typeof link === 'string' && breaks(link)) throw errors.invalidLink(link)
  return link
}

/** In the hints' place: Node reads each field in its turn, and the text that was looked at is what it sends. */
function guarded (hints) {
  const link = unbrokenLink(hints.link)
  const fields = { __proto__: null, link }
  // Without a link it looks at nothing else.
  if (link === undefined || link === null) return fields
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
  breaks,
  /** What a response has besides what every outgoing message has. */
  methods: sendsAsGiven ? { writeEarlyHints } : {},
  hosts: { writeEarlyHints: hostWriteEarlyHints }
}
