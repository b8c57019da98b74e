'use strict'

/** Bad input of a client: answered with 400 and this text. */
class BadRequest extends Error {}

/**
 * Reads whole numbers from a query, with defaults and bounds; every name that
 * is not asked for is an error, so that a misspelt one is not silently ignored.
 * @template {string} Name
 * @param {URLSearchParams} query
 * @param {Record<Name, { default: number, min: number, max: number }>} rules
 * @returns {Record<Name, number>}
 */
function readNumbers (query, rules) {
  rejectUnknown(query, Object.keys(rules))
  return Object.fromEntries(Object.entries(rules).map(([name, rule]) => {
    const text = query.get(name)
    if (text === null) return [name, rule.default]
    const number = Number(text)
    if (!/^\d{1,9}$/.test(text) || number < rule.min || number > rule.max) {
      throw new BadRequest(`${name} must be a whole number from ${rule.min} to ${rule.max}, not "${text}"`)
    }
    return [name, number]
  }))
}

/**
 * @param {URLSearchParams} query
 * @param {string[]} known
 */
function rejectUnknown (query, known) {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const hint = known.length === 0 ? 'none is known here' : `known here: ${known.join(', ')}`
      throw new BadRequest(`unknown query parameter "${name}"; ${hint}`)
    }
    if (query.getAll(name).length > 1) throw new BadRequest(`query parameter "${name}" is given more than once`)
  }
}

module.exports = { BadRequest, readNumbers, rejectUnknown }
