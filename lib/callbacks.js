'use strict'

// Callbacks of bytes that are on their way to the kernel, in the order in which they were taken.

const { nextTick } = require('node:process')
const host = require('./host')

/** Entries before the first one that are kept until they are worth moving. */
const MOST_SHIFTED = 1024

/** Of a callback without an error. */
let successArguments = null

/**
 * Runs `step`, and `rest` in a tick of its own if a callback of the program's throws in it: the
 * error is an uncaught exception, and what waits behind it must not wait for ever.
 */
function guard (step, rest, ...values) {
  let isDone = false
  try {
    step(...values)
    isDone = true
  } finally {
    if (!isDone) nextTick(rest, ...values)
  }
}

/** Calls each; behind one that throws, the others in a tick of their own. @param {(() => void)[]} steps */
function callAll (steps) {
  let next = 0
  const go = () => guard(() => { while (next < steps.length) steps[next++]() }, go)
  go()
}

/** @typedef {{ end: number, nth: number, callback: (error?: Error | null) => void }} Entry due at the offset `end` */

/**
 * A queue. An array's own `shift` moves every entry of a large one: 200,000 callbacks that waited
 * for one reader took 29 s to deliver.
 */
class Callbacks {
  /** @type {Entry[]} */
  #entries = []
  #shifted = 0
  /** Those of the taken for which a tick is scheduled. */
  #promised = 0
  /** Callbacks that were ever taken. */
  taken = 0
  /** One of them runs. */
  areRunning = false

  get length () { return this.#entries.length - this.#shifted }

  /** @param {number} end the offset at which the kernel has all that it tells of */
  add (end, callback) { this.#entries.push({ end, nth: ++this.taken, callback }) }

  /** Takes the first one off, if it is of those `taken` by then and due before `sent`. */
  shift (sent, taken) {
    const entry = this.#entries[this.#shifted]
    if (entry === undefined || entry.end > sent || entry.nth > taken) return undefined
    this.#entries[this.#shifted++] = undefined
    if (this.#shifted === this.#entries.length) {
      this.#entries = []
      this.#shifted = 0
    } else if (this.#shifted >= MOST_SHIFTED && this.#shifted * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#shifted)
      this.#shifted = 0
    }
    return entry.callback
  }

  /** Those that are due now run in a tick of their own. @param {boolean} areAll whether nothing waits */
  deliverSoon (sent, areAll) {
    if (this.length === 0 || this.#promised === this.taken) return
    nextTick(deliver, this, sent, this.taken)
    if (areAll) this.#promised = this.taken
  }

  /** Those whose bytes the kernel has succeed; the others get the error. */
  fail (error, sent) {
    runDue(this, sent, this.taken)
    // Those that the callbacks themselves add are not among them.
    const { taken } = this
    for (let next = this.shift(Infinity, taken); next !== undefined; next = this.shift(Infinity, taken)) next(error)
  }
}

/** Runs the callbacks, of those `taken` by then, whose bytes the kernel had when `sent` was read. */
function deliver (callbacks, sent, taken) {
  guard(runDue, deliver, callbacks, sent, taken)
}

/** @param {Callbacks} callbacks */
function runDue (callbacks, sent, taken) {
  successArguments ??= host.successArguments()
  callbacks.areRunning = true
  try {
    for (let next = callbacks.shift(sent, taken); next !== undefined; next = callbacks.shift(sent, taken)) next(...successArguments)
  } finally {
    callbacks.areRunning = false
  }
}

module.exports = { Callbacks, deliver, callAll, guard }
