'use strict'

// Callbacks of what a message has queued before it has a socket. When it is destroyed then, Node drops them,
// or (24 and later, a response of a pipeline) tells of success.

const errors = require('./errors')
const host = require('./host')

/** Messages whose callbacks are kept. @type {WeakSet<object>} */
const kept = new WeakSet()

/** The host's own at the end of a message: up to 22 it would tell of success. */
const isFinish = ({ name }) => name === 'bound onFinish' && host.kEndCallbacks === undefined

function failQueued () {
  const entry = this.outputData.find(({ callback }) => typeof callback === 'function' && !isFinish(callback))
  if (entry === undefined) return
  const { callback } = entry
  entry.callback = null
  try {
    callback(this.errored ?? errors.streamDestroyed())
  } finally {
    failQueued.call(this)
  }
}

/** What `message` has queued when it closes gets its error, before the program's own listeners. */
function keepQueued (message) {
  if (message.socket || kept.has(message)) return
  kept.add(message)
  message.prependOnceListener('close', failQueued)
}

module.exports = { keepQueued }
