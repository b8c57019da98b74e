'use strict'

const { parseArgs } = require('node:util')
const { Failure } = require('../scripts/run')

/**
 * The command line, or a {@link Failure} that says what it takes.
 * @param {string} script of package.json
 * @param {import('node:util').ParseArgsConfig['options']} options
 */
function parseFlags (script, options) {
  try {
    return parseArgs({ options, allowPositionals: false }).values
  } catch (error) {
    const usage = Object.entries(options).map(([name, { type, multiple }]) => `[--${name}${type === 'string' ? ' VALUE' : ''}]${multiple ? '…' : ''}`)
    throw new Failure(`${error.message.split('. ')[0]}; npm run ${script} -- ${usage.join(' ')}`)
  }
}

/**
 * @param {string} name of the flag
 * @param {string | undefined} text
 * @param {number} otherwise where the flag isn't given
 */
function positive (name, text, otherwise) {
  if (text === undefined) return otherwise
  const number = Number(text)
  if (!(number > 0) || !Number.isFinite(number)) throw new Failure(`--${name} takes a number above zero, and not "${text}"`)
  return number
}

module.exports = { parseFlags, positive }
