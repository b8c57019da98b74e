'use strict'

// What others find when they look at a message from outside: keys, `util.inspect`, JSON, a structured
// clone, a spread.

const util = require('node:util')

const names = (object) => Reflect.ownKeys(object).map(String)

/** The result of an action, or its error. */
function attempt (action) {
  try {
    return action()
  } catch (error) {
    return `${error.name} ${error.code}: ${error.message.split('\n')[0]}`
  }
}

function inherited (object) {
  const all = []
  for (const name in object) all.push(name)
  // Of sluice's own: `flushWrites`.
  return all.filter((name) => name !== 'flushWrites').sort()
}

/** What `util.inspect` prints, without dates. Lines of the head are strings here, with their ends escaped. */
const inspected = (message) => util.inspect(message, { depth: 0, maxStringLength: null }).replace(/Date: [^\\\r]*/g, 'Date: <date>')

/** All of it but the values: in `kernel` mode they tell, too, what the transport has taken. */
function look (message) {
  return {
    keys: Object.keys(message),
    all: names(message),
    spread: names({ ...message }),
    assigned: names(Object.assign({}, message)),
    inherited: inherited(message),
    json: attempt(() => JSON.stringify(message)),
    clone: attempt(() => structuredClone(message)),
    tag: [String(message), message.constructor.name, Object.prototype.toString.call(message)],
    lines: inspected(message).split('\n').length
  }
}

module.exports = { look, inspected, names, attempt }
