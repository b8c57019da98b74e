'use strict'

// Early hints whose fields would split the message on the wire: Node 24 refuses them, earlier ones send
// them.

const http = require('node:http')
const errors = require('./errors')

const { writeEarlyHints: hostWriteEarlyHints } = http.ServerResponse.prototype

/** What ends a line of the head, or isn't allowed in one (RFC 9110 section 5.5). */
const BREAKS = /[\r\n\0]/

/** Only what the host's own would go on to send: without a link it sends nothing. */
function refuseBreaks (hints) {
  const links = Array.isArray(hints.link) ? hints.link : [hints.link]
  if (hints.link == null || links.length === 0) return
  for (const link of links) {
    if (typeof link === 'string' && BREAKS.test(link)) throw errors.invalidLink(hints.link)
  }
  for (const name of Object.keys(hints)) {
    if (name === 'link') continue
    http.validateHeaderName(name)
    http.validateHeaderValue(name, hints[name])
  }
}

function writeEarlyHints (hints, callback) {
  if (typeof hints === 'object' && hints !== null) refuseBreaks(hints)
  return hostWriteEarlyHints.apply(this, arguments)
}

const isHere = hostWriteEarlyHints !== undefined

module.exports = {
  BREAKS,
  /** What a response has besides what every outgoing message has. */
  methods: isHere ? { writeEarlyHints } : {},
  hosts: { writeEarlyHints: hostWriteEarlyHints }
}
