'use strict'

const errors = require('./errors')

/** Where a server keeps its options. */
const kOptions = Symbol('sluice.options')

const modes = ['kernel', 'high-water-mark']

/**
 * @param {{ backpressure?: string, coalesce?: boolean }} [options]
 * @returns {{ kernel: boolean, coalesce: boolean }}
 */
function readOptions (options) {
  const { backpressure = 'kernel', coalesce = true } = options ?? {}
  if (!modes.includes(backpressure)) {
    throw errors.invalidOption('backpressure', backpressure, modes.map((mode) => `'${mode}'`).join(', '))
  }
  if (typeof coalesce !== 'boolean') throw errors.invalidOption('coalesce', coalesce, 'true, false')
  return { kernel: backpressure === 'kernel', coalesce }
}

let defaults = readOptions()

/** For messages of no server of ours. */
function setDefaults (options) {
  defaults = options
}

/** The options of the server that a socket belongs to. */
function optionsOf (socket) {
  return socket?.server?.[kOptions] ?? defaults
}

module.exports = { kOptions, readOptions, setDefaults, optionsOf }
