'use strict'

// Small whole messages on a socket that is not taken over. To take it over, and give it back, costs as much as the
// native writer gains by two: where the kernel has all of a message at once, the socket stays as it was.

const { nextTick } = require('node:process')
const { isProxy } = require('node:util/types')
const { native, Page, Status } = require('./binding')
const { Connection } = require('./connection')
const { optionsOf } = require('./options')
const { handleFor, knownConnectionOf, earlierOf, tellCount } = require('./takeover')
const staging = require('./staging')

/** Of one socket: behind so many, what each costs more is what it costs to take the socket over. */
const MOST = 16

const NOTHING = Object.freeze({ countedBefore: 0, behind: null, inside: null })

/** In a connection's place for a write at a time; in between it is what the handle remembers, as of one that is over. */
class Alone {
  /** Of the native writer; 0 but where a write is to be adopted. */
  id = 0
  /** Bytes of all. */
  enqueued = 0
  /** How many there were. */
  count = 0
  takeover = NOTHING
  pipeline = null

  /** @throws {TypeError} where the handle takes no property */
  constructor (handle, coalesce) {
    this.handle = handle
    this.coalesce = coalesce
    tellCount(handle, this)
  }

  /** As a connection's. The kernel has all where the status says so, and nothing stays with the native writer. */
  send (bits, head, chunk, trailer) {
    const id = native.attach(this.handle.fd, this.coalesce ? 1 : 0)
    let status = Status.SENT
    try {
      status = native.write(id, bits, head, chunk, trailer)
      return status
    } finally {
      if (status === Status.SENT) native.detach(id)
      else this.id = id
    }
  }

  /** As a connection's. */
  ended (status, message, finish) {
    if (status !== Status.SENT) {
      const { id } = this
      this.id = 0
      new Connection(message.socket, this.handle, id).ended(status, message, finish)
      return
    }
    staging.close()
    this.enqueued += native.page[Page.ENQUEUED]
    this.count++
    message.socket._unrefTimer()
    nextTick(finish, message)
  }

  counted () {
    return this.enqueued
  }

  detach () {}
}

/** Whether the socket may have one more of them. */
function mayBeAlone (socket) {
  if (knownConnectionOf(socket) !== undefined) return false
  const earlier = earlierOf(socket._handle)
  return earlier === undefined || (earlier instanceof Alone && earlier.count < MOST)
}

/** @returns {Alone | null} null where the message can't go past the Writable of its socket, which may have one more */
function aloneFor (message) {
  const { socket } = message
  const handle = handleFor(socket)
  if (handle === null) return null
  const { corked, ending } = socket._writableState
  if (corked !== 0 || ending || message.outputData.length !== 0) return null
  const earlier = earlierOf(handle)
  if (earlier !== undefined) return earlier
  // What is behind it would not find the count again.
  return isProxy(handle) ? null : aloneOn(handle, optionsOf(socket))
}

/** To ask whether the handle is extensible takes longer. */
function aloneOn (handle, { coalesce }) {
  try {
    return new Alone(handle, coalesce)
  } catch {
    return null
  }
}

/** The next response takes the socket over: on one of ours those that wait leave together. */
function takeOverNext (socket) {
  const earlier = earlierOf(socket?._handle)
  if (earlier instanceof Alone) earlier.count = MOST
}

module.exports = { mayBeAlone, aloneFor, takeOverNext }
