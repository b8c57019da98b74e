'use strict'

/** Resolves in the check phase: everything due in this turn has run. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** @param {number} count */
async function turns (count) {
  for (let n = 0; n < count; n++) await turn()
}

/** Resolves from the nextTick queue. */
const tick = () => new Promise((resolve) => process.nextTick(resolve))

/**
 * Waits, a turn of the event loop at a time, until `condition` holds. For
 * conditions that no event announces; a test's watchdog bounds it.
 * @param {() => unknown} condition
 */
async function until (condition) {
  while (!condition()) await turn()
}

/** A promise and the functions that settle it. */
function deferred () {
  const it = {}
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }))
  return it
}

module.exports = { turn, turns, tick, until, deferred }
