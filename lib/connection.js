'use strict'

// One socket whose writes end in the native writer.
//
// The socket's own Writable stays the authority on order: it writes into our sink. When the kernel refuses
// bytes of a message, the sink's barrier holds the Writable until the native queue is empty:
//
//   message ──────────────→ native queue ─→ kernel
//   socket.write ─→ Writable ─┘ (waits behind the barrier while the queue is not empty)

// What tests replace by fakes of their own (Jest, sinon) is taken as it was.
const { setImmediate, setTimeout } = require('node:timers')
const { nextTick } = require('node:process')
const { AsyncResource } = require('node:async_hooks')
const { native, Page, Status } = require('./binding')
const { optionsOf } = require('./options')
const staging = require('./staging')
const { Callbacks, deliver, guard } = require('./callbacks')
const { Pipeline } = require('./pipeline')
const { Sink } = require('./sink')
const { Takeover, stock, handleFor, knownConnectionOf, earlierOf, connectionBy } = require('./takeover')
const host = require('./host')
const errors = require('./errors')

const page = native?.page
/** Milliseconds. */
const ASK_AGAIN = 10

/**
 * A socket is writable again. It takes its turn when the poll of the event loop is over, and one turn in each
 * round: a fast reader is ready again before the kernel's copy is made, and 64 of them would leave no time for
 * timers, requests and other sockets (gaps of 2 to 6 s; stock Node 0.2).
 *
 * And where the peer has reset it, libuv tells the socket's reader in the same poll, and that is the error
 * which Node reports: a write would take it away (`write ECONNRESET` in 195 of 200 cases).
 */
if (native !== null) native.onReady = (handle) => { connectionBy(handle)?.readySoon() }

function ready (handle) {
  connectionBy(handle)?.ready()
}

function askAgain (handle) {
  const connection = connectionBy(handle)
  if (connection === undefined) return
  connection.asksAgain = false
  connection.readySoon()
}

/**
 * Runs once a tick for each connection that messages have written to, in the context of the first
 * write of the tick: so do Node's callbacks of writes that it gathers (`connectionCorkNT`).
 */
function endTick (connection) {
  connection.inTick = false
  if (connection.isDeferred) connection.flushDeferred()
  else connection.answer()
}

class Connection {
  constructor (socket, handle, id) {
    this.socket = socket
    this.handle = handle
    this.state = socket._writableState
    /** The native handle; 0 once the descriptor is closed. */
    this.id = id
    /** Bytes queued since the attachment, and those of them in user memory. */
    this.enqueued = 0
    this.pending = 0
    /** Bytes for which the kernel has room for sure, beyond the pending ones. */
    this.room = 0
    /** The pending bytes leave at the end of this tick. */
    this.isDeferred = false
    /** A write of what is deferred has answered false. */
    this.isFull = false
    /** What messages write in this tick is gathered. */
    this.inTick = false
    this.callbacks = new Callbacks()
    /** Called when user memory is empty. */
    this.onEmpty = null
    /** The context in which what waits is answered. */
    this.resource = null
    this.leaves = false
    /** A timer asks the kernel for room. */
    this.asksAgain = false
    /** Made when a response ends before its turn. @type {import('./pipeline').Pipeline | null} */
    this.pipeline = null
    this.sink = new Sink(this)
    this.takeover = new Takeover(this)
    this.takeover.begin()
  }

  /**
   * HTTP lets go of the socket (`upgrade`, `connect`): what is deferred goes out, and the socket
   * becomes what it was before it is handed over.
   */
  leave () {
    this.leaves = true
    this.flush()
    this.giveBack()
  }

  /** Whether what the socket writes is Node's: it has no handle any more, or another, or HTTP has let go of it. */
  isStocks () {
    return this.id === 0 || this.socket._handle !== this.handle || this.hasLeft()
  }

  /** Whether HTTP has let go of the socket unseen: it has no message, and Node has freed its parser. */
  hasLeft () {
    const { socket } = this
    if (socket._httpMessage || socket.parser) return false
    this.leaves = true
    return this.giveBack()
  }

  /**
   * Nothing of ours stays on a socket that leaves, but the count of what was written, as soon as
   * nothing of ours is on its way any more. @returns {boolean}
   */
  giveBack () {
    if (!this.leaves || this.id === 0 || this.folded().pending !== 0) return false
    this.forget()
    this.takeover.giveBack()
    return true
  }

  /** The native side is done with the descriptor. */
  forget () {
    native.detach(this.id)
    staging.closeOf(this)
    this.takeover.forget()
    this.pipeline?.giveBack()
    this.pipeline = null
    this.id = 0
    this.isDeferred = false
  }

  /** Whether a message may write past the Writable. */
  isDirectFor (message) {
    const { state, socket } = this
    return this.id !== 0 && socket._handle === this.handle && state.corked === 0 && !state.ending &&
      !socket.destroyed && socket._httpMessage === message && this.sink.isEmpty() && socket.write === stock.write &&
      this.takeover.isInPlace() && message.outputData.length === 0
  }

  /**
   * With what is put aside counted: a call for another connection has moved it, too, and told only of
   * that one. @returns {Connection} this
   */
  folded () {
    if (this.id !== 0 && this.isDeferred) {
      native.fold(this.id)
      this.read()
    }
    return this
  }

  /** Bytes that the socket has written. What is deferred when it is destroyed is lost; Node 18 counts that, too. */
  counted () {
    const { enqueued, pending, isDeferred } = this.folded()
    return isDeferred && this.socket.destroyed && !host.losesCallbacks ? enqueued - pending : enqueued
  }

  /** Reads the status page after a native call: nothing is put aside any more. */
  read () {
    staging.close()
    const sent = this.enqueued - this.pending
    this.enqueued = page[Page.ENQUEUED]
    this.pending = page[Page.PENDING]
    this.room = page[Page.ROOM]
    if (page[Page.SENT] !== sent) this.socket._unrefTimer()
  }

  /** `callback` runs once everything queued until now is in the kernel, or never will be. */
  notify (callback) {
    this.callbacks.add(page[Page.ENQUEUED], callback)
  }

  /**
   * The callback of a write that the Writable holds behind ours. A destroyed Writable calls its own
   * before the descriptor is closed and ours are called: they have waited longer.
   */
  afterOwn (callback) {
    if (this.callbacks.length === 0) return callback
    return (error, ...values) => {
      if (error && this.callbacks.length !== 0) fail(this, null)
      return callback(error, ...values)
    }
  }

  /** The callbacks that are due now run in a tick of their own. */
  deliverSoon () {
    this.callbacks.deliverSoon(this.enqueued - this.pending, this.pending === 0)
  }

  /** What was written is answered in the context of now. */
  answer () {
    this.deliverSoon()
    if (this.id !== 0 && this.pending !== 0) this.resource ??= new AsyncResource('SLUICEWRITE')
  }

  /** What was written is answered in the context of the tick. */
  answerInTick () {
    if (this.inTick) return
    this.inTick = true
    nextTick(endTick, this)
  }

  /** A message's bytes (`native.write`). @returns {number} status */
  send (bits, head, chunk, trailer) {
    return native.write(this.id, bits, head, chunk, trailer)
  }

  /**
   * After a message's write.
   * @param {boolean} isLast nothing more is gathered with it in this tick
   * @returns {boolean} the contract's answer
   */
  settle (status, message, isLast) {
    this.read()
    switch (status) {
      case Status.DEFERRED:
        staging.open(message, this, this.room)
        // What is put aside comes off it, and is not told of when another connection's call moves it.
        this.room = 0
        this.defer()
        return true
      case Status.FULL:
        // A `drain` of the Writable's that is on its way would be taken for this one's, and come too early.
        if (this.state.needDrain) return this.settle(native.flush(this.id), message, isLast)
        this.isFull = true
        // Nothing more is put aside: each write is to hear of it.
        this.room = 0
        this.defer()
        return false
      case Status.SENT:
      case Status.BLOCKED:
        this.isDeferred = false
        if (isLast) this.answer()
        else if (status === Status.BLOCKED || this.callbacks.length !== 0) this.answerInTick()
        if (status === Status.SENT) {
          this.flushFull()
          return true
        }
        this.seeToRoom()
        this.sink.hold(this.pending)
        return false
      default:
        this.isDeferred = false
        this.failSoon(this.errorOf(status))
        return false
    }
  }

  /**
   * After a message's last write. Where the kernel has all, and no callback waits before it, `finish` needs no
   * place in the queue, and no closure: 2 to 3 % of a hello world.
   * @param {number} status of the write
   * @param {(message: object, error?: Error) => void} finish
   */
  ended (status, message, finish) {
    this.isFull = false
    if (status === Status.SENT && this.callbacks.length === 0) {
      this.read()
      this.isDeferred = false
      nextTick(finish, message)
      return
    }
    this.notify((error) => finish(message, error))
    this.settle(status, message, true)
  }

  /** A message's first chunk, under the room known, without a crossing. @returns {boolean} */
  begin (message, chunk) {
    if (!staging.begin(message, this, this.room, chunk)) return false
    this.room = 0
    this.defer()
    return true
  }

  defer () {
    this.isDeferred = true
    this.answerInTick()
  }

  errorOf (status) {
    if (status === Status.FAILED) return errors.write(page[Page.ERRNO])
    if (status === Status.DETACHED) return errors.detachedChunk()
    return errors.streamDestroyed()
  }

  flushDeferred () {
    if (this.state.corked > 0) {
      // Corked since the write: the bytes stay, as Node's would, and leave at the uncork.
      this.sink.putBarrier()
      return
    }
    if (!this.flushFull()) this.settle(native.flush(this.id), null, true)
  }

  /**
   * The barrier lets go of what is deferred, and when the kernel has it the Writable tells of its `drain`.
   * @returns {boolean} whether one is owed
   */
  flushFull () {
    return this.isFull && this.sink.putBarrier()
  }

  /** Our own debt becomes the Writable's. */
  oweDrain () {
    if (this.isFull) this.state.needDrain = true
    this.isFull = false
  }

  /** Hands over now. @returns {boolean} whether user memory is empty */
  flush () {
    if (this.isDeferred) this.flushDeferred()
    return this.pending === 0
  }

  readySoon () {
    this.resource ??= new AsyncResource('SLUICEWRITE')
    this.later(setImmediate, ready, this.id)
  }

  /**
   * Schedules what calls the program in the context of what waits. One that is entered later is left again before
   * anybody hears of what is thrown in it (`uncaughtException`, a domain).
   */
  later (schedule, ...values) {
    if (this.resource === null) schedule(...values)
    else this.resource.runInAsyncScope(schedule, null, ...values)
  }

  /** The socket is writable again. */
  ready () {
    const status = native.flush(this.id)
    this.read()
    if (status !== Status.BLOCKED && status !== Status.SENT) return fail(this, this.errorOf(status))
    if (status === Status.BLOCKED) this.seeToRoom()
    this.sink.adjust(this.pending)
    this.advance()
  }

  /** Where the system has no descriptors, or threads, left to tell of the kernel's room, it is asked now and then. */
  seeToRoom () {
    if (page[Page.WATCHED] !== 0 || this.asksAgain) return
    this.asksAgain = true
    setTimeout(askAgain, ASK_AGAIN, this.id)
  }

  advance () {
    const { callbacks } = this
    // What a listener of `drain` writes is not among them.
    const { taken } = callbacks
    const sent = this.enqueued - this.pending
    if (this.pending === 0) {
      this.resource = null
      this.giveBack()
      const { onEmpty } = this
      this.onEmpty = null
      // Whatever a listener of `drain`, or a callback, throws.
      try {
        // A chunk of the Writable's own stands behind all of ours.
        if (!this.sink.inBarrier) deliver(callbacks, sent, taken)
      } finally {
        try {
          this.sink.letGo(null)
        } finally {
          onEmpty?.()
          deliver(callbacks, sent, taken)
        }
      }
      return
    }
    deliver(callbacks, sent, taken)
  }

  /** The responses that have ended behind the one whose turn has come leave with it. */
  follow (status) {
    const { socket } = this
    const message = socket._httpMessage
    if (!message?.finished) return
    // Its pieces are what was queued, and nobody else looks at what goes through the socket.
    const isSeen = message.outputData.length === 0 || socket.write !== stock.write || !this.takeover.isInPlace()
    if (isSeen || status !== Status.DEFERRED) this.pipeline.reached(message)
    else this.pipeline.follow(message, page[Page.ROOM])
  }

  /** A response behind another has ended. */
  endedBehind (message) {
    if (this.id === 0 || !this.socket.parser) return
    this.pipeline ??= new Pipeline(this)
    this.pipeline.ended(message)
  }

  /**
   * What is deferred is lost. As what Node's socket buffers it is counted, until the next tick (`errorBuffer`), or
   * on Node 18 for good, unless a callback of a write destroys it (`afterWrite`).
   */
  keepLength () {
    if (!this.isDeferred) return
    const { state } = this
    const { pending } = this.folded()
    state.length += pending
    if (!host.losesCallbacks || this.callbacks.areRunning) nextTick(() => { state.length -= pending })
  }

  /** @param {Error | null} error of a write, which the socket shows at once (`onwrite`, `internal/streams/writable.js`) */
  failSoon (error) {
    if (error !== null) {
      this.state.errored ??= error
      if (this.socket._readableState) this.socket._readableState.errored ??= error
    }
    this.later(nextTick, fail, this, error)
  }

  /** The descriptor is about to be closed. */
  detach () {
    if (this.id === 0) return
    this.keepLength()
    this.forget()
    if (this.callbacks.length !== 0 || this.sink.release !== null) {
      // What its tick still gathers goes before the socket's `error`, which `destroy` is about to put
      // into the next tick, as what Node's socket buffers (`errorBuffer`). The rest goes behind it:
      // libuv gives the writes that it cancels back later still, and `finish` would tell of success.
      if (this.resource === null) this.failSoon(null)
      else this.later(nextTick, nextTick, fail, this, null)
    }
  }
}

/** Every callback that waits gets its error, in order; then the socket is destroyed. */
function fail (connection, error) {
  const { resource } = connection
  if (resource === null) guard(failAll, fail, connection, error)
  else resource.runInAsyncScope(guard, null, failAll, fail, connection, error)
}

function failAll (connection, error) {
  const { socket } = connection
  const reason = error ?? socket.errored ?? errors.streamDestroyed()
  connection.callbacks.fail(reason, connection.enqueued - connection.pending)
  connection.sink.letGo(reason)
  if (error !== null) socket.destroy(error)
}

/** Whether nothing of another socket's, which had the handle before, is on its way. */
function isFree (handle) {
  const earlier = earlierOf(handle)
  if (earlier === undefined || earlier.id === 0) return true
  if (!earlier.flush()) return false
  earlier.detach()
  return true
}

/**
 * The connection of a socket, made on first use; null where the native writer can't be used.
 * @returns {Connection | null}
 */
function connectionOf (socket) {
  const known = knownConnectionOf(socket)
  if (known !== undefined) return known
  const handle = handleFor(socket)
  // What can't be given ours is left alone.
  if (handle === null || !Object.isExtensible(handle) || !Object.isExtensible(socket)) return null
  const options = optionsOf(socket)
  if (!options.kernel || !isFree(handle)) return null
  const id = native.attach(handle.fd, options.coalesce ? 1 : 0)
  return id === 0 ? null : new Connection(socket, handle, id)
}

module.exports = { Connection, connectionOf }
