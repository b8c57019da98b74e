'use strict'

// What the environment says to `sluice/register`.

const errors = require('./errors')

const { SLUICE_BACKPRESSURE, SLUICE_COALESCE, SLUICE_REQUIRED } = process.env
const BOOLEANS = { 1: true, true: true, 0: false, false: false }

/** @returns {boolean | undefined} undefined where it is not set */
function booleanOf (name, value) {
  if (value === undefined || value === '') return undefined
  if (!Object.hasOwn(BOOLEANS, value)) throw errors.invalidVariable(name, value, '1, true, 0, false')
  return BOOLEANS[value]
}

/** @returns {{ backpressure?: string, coalesce?: boolean }} */
function fromEnvironment () {
  const options = {}
  if (SLUICE_BACKPRESSURE) {
    if (!['kernel', 'high-water-mark'].includes(SLUICE_BACKPRESSURE)) {
      throw errors.invalidVariable('SLUICE_BACKPRESSURE', SLUICE_BACKPRESSURE, 'kernel, high-water-mark')
    }
    options.backpressure = SLUICE_BACKPRESSURE
  }
  const coalesce = booleanOf('SLUICE_COALESCE', SLUICE_COALESCE)
  if (coalesce !== undefined) options.coalesce = coalesce
  return options
}

module.exports = { required: booleanOf('SLUICE_REQUIRED', SLUICE_REQUIRED) === true, fromEnvironment }
