'use strict'

// What `server.close()` takes for idle. Node 20 and later destroy a connection whose response the program
// has ended, though its bytes still wait for the peer (`closeIdleConnections`, `_http_server.js`).

const http = require('node:http')
const { symbolOf } = require('./host')
const { optionsOf } = require('./options')

const { closeIdleConnections: hostCloseIdleConnections } = http.Server.prototype

/** The responses of a server that have ended, and of which something is in user memory. */
function waiting (server) {
  const connections = server[symbolOf(server, 'http.server.connections')]?.idle?.() ?? []
  return connections.flatMap(({ socket }) => {
    const message = socket?._httpMessage
    return message?.finished && message.writableLength !== 0 && optionsOf(socket).kernel ? [message] : []
  })
}

function closeIdleConnections () {
  const messages = waiting(this)
  for (const message of messages) {
    // The host looks at this alone; and when all is sent it closes the connection of a last response.
    message.finished = false
    message._last = true
  }
  try {
    return hostCloseIdleConnections.call(this)
  } finally {
    for (const message of messages) message.finished = true
  }
}

const isHere = hostCloseIdleConnections !== undefined

module.exports = {
  /** What a server has besides the host's. */
  methods: isHere ? { closeIdleConnections } : {},
  hosts: { closeIdleConnections: hostCloseIdleConnections },
  /** Gives a prototype that has copied ours the host's own. */
  restore (prototype) {
    if (prototype.closeIdleConnections === closeIdleConnections) prototype.closeIdleConnections = hostCloseIdleConnections
  }
}
