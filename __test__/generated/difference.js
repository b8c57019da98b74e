'use strict'

const { isDeepStrictEqual } = require('node:util')

/**
 * The orders that must be the same. When the kernel takes bytes is not Node's
 * choice, so a callback may stand before or after a `prefinish`, which is
 * synchronous in the program's own call of end; and the callbacks of
 * socket.write(), and of writes of no bytes, which nothing holds up, have
 * orders of their own.
 */
function sequences (log) {
  const ofSocket = ({ name }) => name.startsWith('callback of socket')
  const ofNothing = ({ name }) => name.startsWith('callback of nothing')
  return {
    events: log.filter(({ name }) => !name.startsWith('callback')),
    order: log.filter((entry) => entry.name !== 'prefinish' && entry.name !== 'socket' && !ofSocket(entry) && !ofNothing(entry)),
    ofNothing: log.filter(ofNothing),
    ofSocket: log.filter(ofSocket)
  }
}

/** `drain` only after a `false`, and never two for one. */
function checkDrains (exchanges) {
  for (const exchange of exchanges) {
    if (!exchange) continue
    const refused = exchange.returns.filter(({ call, result }) => /:write$/.test(call) && result === false).length
    const drains = exchange.log.filter(({ name }) => name === 'drain').length
    if (drains > refused) throw new Error(`${drains} drains after ${refused} refused writes`)
  }
}

/** The first place where two values differ, as a path and both sides. */
function firstDifference (actual, expected, path = '') {
  if (isDeepStrictEqual(actual, expected)) return null
  if (typeof actual === 'object' && typeof expected === 'object' && actual && expected) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = firstDifference(actual[key], expected[key], `${path}.${key}`)
      if (found) return found
    }
  }
  const show = (value) => {
    const json = JSON.stringify(value) ?? String(value)
    return json.length > 1500 ? `${json.slice(0, 1500)}… (${json.length})` : json
  }
  if (typeof actual === 'string' && typeof expected === 'string') {
    let at = 0
    while (actual[at] === expected[at]) at++
    const near = (value) => show(value.slice(Math.max(0, at - 200), at + 200))
    return `at ${path}, character ${at}:\n  sluice: ${near(actual)}\n  node:   ${near(expected)}`
  }
  return `at ${path}:\n  sluice: ${show(actual)}\n  node:   ${show(expected)}`
}

module.exports = { sequences, checkDrains, firstDifference }
