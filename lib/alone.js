'use strict'

// A small whole message, the first on its socket. It may be the only one, and to take a socket over, and give it back,
// costs as much as the native writer gains: where the kernel has all of it at once, the socket stays as it was.

const { nextTick } = require('node:process')
const { native, Page, Status } = require('./binding')
const { Connection } = require('./connection')
const { optionsOf } = require('./options')
const { handleFor, earlierOf, tellCount } = require('./takeover')
const staging = require('./staging')

/** In bytes or code units: a larger body may have to wait. */
const MOST = 4096

const NOTHING = Object.freeze({ countedBefore: 0, behind: null, inside: null })

/** Whether it is such a message. */
function isAlone (message, socket, chunk) {
  return (chunk === null || chunk.length <= MOST) && !message._headerSent && socket._handle?.bytesWritten === 0
}

/** In a connection's place for one write; what the handle remembers then, as of a connection that is over. */
class Alone {
  constructor (socket, handle, id) {
    this.socket = socket
    this.handle = handle
    this.id = id
    this.enqueued = 0
    this.takeover = NOTHING
    this.pipeline = null
  }

  /** As a connection's. */
  ended (status, message, finish) {
    if (status !== Status.SENT) {
      new Connection(this.socket, this.handle, this.id).ended(status, message, finish)
      return
    }
    staging.close()
    this.enqueued = native.page[Page.ENQUEUED]
    this.socket._unrefTimer()
    nextTick(finish, message)
    native.detach(this.id)
    this.id = 0
    tellCount(this.handle, this)
  }

  folded () {
    return this
  }

  detach () {}
}

/** @returns {Alone | null} null where the message can't go past the socket's Writable */
function aloneFor (message) {
  const { socket } = message
  const handle = handleFor(socket)
  if (handle === null || earlierOf(handle) !== undefined) return null
  const { corked, ending } = socket._writableState
  if (corked !== 0 || ending || message.outputData.length !== 0) return null
  const id = native.attach(handle.fd, optionsOf(socket).coalesce ? 1 : 0)
  return id === 0 ? null : new Alone(socket, handle, id)
}

module.exports = { isAlone, aloneFor }
