'use strict'

const errors = require('./errors')

/** Where a server keeps its options. */
const kOptions = Symbol('sluice.options')

const modes = ['kernel', 'high-water-mark']

const initial = Object.freeze({ kernel: true, coalesce: true })
let defaults = initial

/**
 * @param {{ backpressure?: string, coalesce?: boolean }} [options]
 * @param {{ kernel: boolean, coalesce: boolean }} [base] what holds for an option that is not given
 * @returns {{ kernel: boolean, coalesce: boolean }}
 */
function readOptions (options, base = defaults) {
  const { backpressure, coalesce = base.coalesce } = options ?? {}
  if (backpressure !== undefined && !modes.includes(backpressure)) {
    throw errors.invalidOption('backpressure', backpressure, modes.map((mode) => `'${mode}'`).join(', '))
  }
  if (typeof coalesce !== 'boolean') throw errors.invalidOption('coalesce', coalesce, 'true, false')
  return { kernel: backpressure === undefined ? base.kernel : backpressure === 'kernel', coalesce }
}

/** Whether a server has options of its own. */
function hasOptions (options) {
  return options?.backpressure !== undefined || options?.coalesce !== undefined
}

/** For messages of no server of ours, and for what one of ours leaves open; nothing: as at first. */
function setDefaults (options) {
  defaults = readOptions(options, initial)
}

/** The options of the server that a socket belongs to. */
function optionsOf (socket) {
  return socket?.server?.[kOptions] ?? defaults
}

/** Whether the message's answers are the truth about the kernel. */
function isTruthful (message, socket = message.socket) {
  return optionsOf(socket ?? message.req?.socket).kernel
}

module.exports = { kOptions, readOptions, hasOptions, setDefaults, optionsOf, isTruthful }
