'use strict'

// What a socket and its handle get while the socket's writes end in the native writer, and how they
// get their own back. It is the same for all of them: closures of their own would give each handle a
// hidden class of its own (taking a socket over cost 25 µs; 7 with these and without symbols).

const net = require('node:net')
const { native } = require('./binding')
const { SocketSlot, HandleSlot } = require('./slot')
const { isWrapped, ofSocket } = require('./origin')
const { forgetBuffered } = require('./lost-callbacks')

const SLOT_MASK = (1 << 20) - 1
const CLOSERS = ['close', 'reset']

const Socket = net.Socket.prototype
const { __defineGetter__: defineGetter } = Object.prototype
const { removeListener: hostRemoveListener, uncork: hostUncork } = Socket
const stock = {
  write: Socket.write, _write: Socket._write, _writev: Socket._writev, _final: Socket._final, _writeGeneric: Socket._writeGeneric
}
/** Somebody may have wrapped them before, and would hear of nothing. */
const isHosts = Object.keys(stock).every((name) => !isWrapped(stock, name, ofSocket))

/** @typedef {import('./connection').Connection} Connection */

/** @type {(Connection | undefined)[]} by slot */
const connections = []

/** @returns {Connection | undefined} of a native handle, unless its socket is somebody else's by now */
function connectionBy (id) {
  const connection = connections[id & SLOT_MASK]
  return connection?.id === id ? connection : undefined
}

/** @returns {Connection | undefined} of a socket */
function knownConnectionOf (socket) {
  return SocketSlot.get(socket)
}

/** @returns {Connection | undefined} the last of a handle */
function earlierOf (handle) {
  return HandleSlot.get(handle)
}

/**
 * Of a socket or handle that is called through a `Proxy`, which has no private field of theirs: the
 * descriptor tells.
 */
function connectionByDescriptor ({ fd }) {
  return connections.find((one) => one !== undefined && one.handle.fd === fd)
}

const beneathSocket = (socket) => SocketSlot.get(socket) ?? connectionByDescriptor(socket._handle ?? socket)
const beneathHandle = (handle) => HandleSlot.get(handle) ?? connectionByDescriptor(handle)

/** The handle of a socket that is written past, or taken over; null where it can't be. */
function handleFor (socket) {
  if (!(socket instanceof net.Socket) || socket.encrypted || native === null) return null
  const handle = socket._handle
  // Without a parser the socket is not, or no longer, HTTP's: nothing of ours stays on such a one.
  if (!handle || socket.connecting || socket.destroyed || !socket.parser) return null
  const kind = handle.constructor.name
  const isOurs = (kind === 'TCP' || kind === 'Pipe') && handle.fd >= 0 && handle.writeQueueSize === 0 &&
    socket._writableState.length === 0 && isStock(socket)
  return isOurs ? handle : null
}

/** Whether a socket writes as Node made it. V8 makes a loop over the names slow for all sockets. */
function isStock (socket) {
  return isHosts && socket.write === stock.write && socket._write === stock._write &&
    socket._writev === stock._writev && socket._final === stock._final && socket._writeGeneric === stock._writeGeneric
}

function _write (chunk, encoding, callback) {
  const connection = beneathSocket(this)
  if (connection === undefined) stock._write.call(this, chunk, encoding, callback)
  else connection.sink.write(chunk, encoding, callback)
}

function _writev (chunks, callback) {
  const connection = beneathSocket(this)
  if (connection === undefined) stock._writev.call(this, chunks, callback)
  else connection.sink.writeAll(chunks, callback)
}

function _final (callback) {
  const connection = beneathSocket(this)
  if (connection === undefined) stock._final.call(this, callback)
  else connection.sink.final(callback)
}

function leaveAtUpgrade () {
  if (isLeaving(this)) beneathSocket(this)?.leave()
}

/**
 * HTTP takes its `data` listener off first when the socket leaves. To listen to `removeListener` would be an
 * `emit` for each response: 0.7 % of a hello world.
 */
function removeListener (name, listener) {
  if (name === 'data') leaveAtUpgrade.call(this)
  return Socket.removeListener.call(this, name, listener)
}

const ours = { _write, _writev, _final }

/** Of a socket that nobody corks: Node up to 24 corks it in the tick of a `write`, and hands over here. */
function uncork () {
  const { corked } = this._writableState
  Socket.uncork.call(this)
  if (corked === 0) beneathSocket(this)?.flush()
}

/** libuv closes the descriptor in these, synchronously: its number may be a stranger's next. */
const closers = Object.fromEntries(CLOSERS.map((name) => [name, function (...values) {
  const connection = beneathHandle(this)
  connection?.detach()
  const behind = connection?.takeover.behind?.[name]
  return (behind ? behind.value ?? behind.get.call(this) : Object.getPrototypeOf(this)[name]).apply(this, values)
}]))

function bytesWritten () {
  const libuv = Reflect.get(Object.getPrototypeOf(this), 'bytesWritten', this)
  const connection = beneathHandle(this)
  return connection === undefined ? libuv : smallest(libuv + connection.takeover.countedBefore + connection.counted())
}

/** By `Object.defineProperty`, with a descriptor that `Object.prototype` can't change, it takes 0.27 µs, and so 0.15. */
function tellCount (handle, connection) {
  defineGetter.call(handle, 'bytesWritten', bytesWritten)
  HandleSlot.set(handle, connection)
}

/**
 * A count in V8's smallest representation, as Node's own have it. Node keeps `bytesWritten` in a
 * field of a socket that closes: the first double in it makes V8 put away the hidden class of all
 * sockets, and all the code that was compiled for it (27 to 39 functions once more; 4 to 11 on stock
 * Node 26).
 */
function smallest (count) {
  const small = count | 0
  return small === count ? small : count
}

/** Whether a socket is leaving HTTP: Node takes its listeners off it before it hands it over. */
function isLeaving (socket) {
  return Boolean(socket.parser?.incoming?.upgrade)
}

/** What others have put over ours stays, and calls ours. */
function takeBack (socket, ours) {
  for (const [name, value] of Object.entries(ours)) if (socket[name] === value) delete socket[name]
}

/** One socket's, from the first write to the hand-over or the end. */
class Takeover {
  /** @param {Connection} connection with its socket, handle and id */
  constructor (connection) {
    const earlier = earlierOf(connection.handle)
    this.connection = connection
    /** Bytes that were queued when the socket was HTTP's before: it has left, and come back. */
    this.countedBefore = earlier === undefined ? 0 : earlier.takeover.countedBefore + earlier.enqueued
    /** Somebody else's own properties of the handle that ours stand before, by name. */
    this.behind = earlier?.takeover.behind ?? null
    /** Names of those of ours that somebody else's stand before. */
    this.inside = earlier?.takeover.inside ?? null
  }

  begin () {
    const { connection } = this
    const { socket, handle, id } = connection
    connections[id & SLOT_MASK] = connection
    SocketSlot.set(socket, connection)
    Object.assign(socket, ours)
    for (const name of CLOSERS) {
      if (typeof handle[name] !== 'function' || handle[name] === closers[name] || this.inside?.includes(name)) continue
      if (Object.hasOwn(handle, name)) (this.behind ??= {})[name] = Object.getOwnPropertyDescriptor(handle, name)
      handle[name] = closers[name]
    }
    // Somebody else's stays what is called.
    if (socket.uncork === hostUncork) socket.uncork = uncork
    if (socket.removeListener === hostRemoveListener) socket.removeListener = removeListener
    else socket.on('removeListener', leaveAtUpgrade)
    tellCount(handle, connection)
  }

  /** Whether what the socket's Writable writes comes to us first. */
  isInPlace () {
    const { socket } = this.connection
    return socket._write === _write && socket._writev === _writev
  }

  /** Before the native handle is somebody else's. */
  forget () {
    connections[this.connection.id & SLOT_MASK] = undefined
  }

  /** Nothing of ours stays but the count of what was written. */
  giveBack () {
    const { socket, handle } = this.connection
    socket.removeListener('removeListener', leaveAtUpgrade)
    SocketSlot.set(socket, undefined)
    forgetBuffered(socket)
    takeBack(socket, { ...ours, removeListener, uncork })
    for (const name of CLOSERS) {
      if (handle[name] !== closers[name]) {
        // Somebody else's stands before it, and stays; ours does nothing any more.
        if (typeof handle[name] === 'function' && !this.inside?.includes(name)) (this.inside ??= []).push(name)
        continue
      }
      const behind = this.behind?.[name]
      delete handle[name]
      if (behind === undefined) continue
      delete this.behind[name]
      Object.defineProperty(handle, name, behind)
    }
  }
}

module.exports = { Takeover, handleFor, tellCount, stock, isStock, isLeaving, takeBack, knownConnectionOf, earlierOf, connectionBy }
