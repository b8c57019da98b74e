'use strict'

// `setHeader` where it has nothing to decide: a field that the host has let pass before. Most fields of a
// server are the same in each response; the host matches each against two regular expressions and lowers its name.

const http = require('node:http')
const { isWrapped } = require('./origin')
const hiddenClass = require('./hidden-class')
const host = require('./host')

const hostPrototype = http.OutgoingMessage.prototype
const responsePrototype = http.ServerResponse.prototype
const { setHeader: hostSetHeader } = hostPrototype

/**
 * @typedef {object} Known
 * @property {string} key the name in lower case
 * @property {string | number} value that was let pass; NaN, which equals nothing, where it differs each time (ETag)
 * @property {number} changesLeft until then
 * @property {number} calls since the class of a message was looked at
 * @property {number} pause such calls between two looks
 */

/** By name. @type {Map<string, Known>} */
const known = new Map()
const MOST_NAMES = 256
/** In code units. A longer name or value is not remembered. */
const MOST_LENGTH = 256
const MOST_CHANGES = 32
const MOST_PAUSE = 64

const isShort = (text) => typeof text === 'string' && text.length <= MOST_LENGTH

/** What the host has let pass once. What it lets pass with leniency it may refuse without. */
function remember (message, entry, name, value) {
  if (entry?.changesLeft === 0 || entry?.value === value || !(isShort(value) || typeof value === 'number') ||
      message._isLenientHeaderValidation?.()) return
  if (entry !== undefined) {
    entry.value = --entry.changesLeft > 0 ? value : NaN
  } else if (isShort(name)) {
    // A program that makes up names begins anew.
    if (known.size === MOST_NAMES) known.clear()
    known.set(name, { key: name.toLowerCase(), value, changesLeft: MOST_CHANGES, calls: 0, pause: 0 })
  }
}

/** Whether the host keeps the fields in an object without a prototype (up to Node 24). */
let isBare

/** To look takes 20 ns of 50: seldom, where this field is never that of a message that was given its prototype. */
function lookAtClass (message, entry) {
  if (!hiddenClass.isNeeded || entry.calls++ < entry.pause) return
  entry.calls = 0
  entry.pause = hiddenClass.shareClass(message) ? 0 : Math.min(2 * entry.pause + 1, MOST_PAUSE)
}

/** The host's rules (`setHeader`, `_http_outgoing.js`), for what it has let pass: the same from Node 18 to 26. */
function setHeader (name, value) {
  const entry = known.get(name)
  if (entry !== undefined && entry.value === value && !this._header) {
    let fields = this[host.kOutHeaders]
    if (fields === null && (isBare ??= host.keepsBareFields())) this[host.kOutHeaders] = fields = { __proto__: null }
    if (fields) {
      fields[entry.key] = [name, value]
      lookAtClass(this, entry)
      return this
    }
  }
  hostSetHeader.call(this, name, value)
  remember(this, entry, name, value)
  if (entry !== undefined) lookAtClass(this, entry)
  return this
}

/** Of a class that inherits from the host's: what others put into the host's prototypes is called. */
function inherited (name, value) {
  const { setHeader: now } = responsePrototype
  return now === hostSetHeader ? setHeader.call(this, name, value) : now.apply(this, arguments)
}
Object.defineProperty(inherited, 'name', { value: 'setHeader' })

const isHosts = !isWrapped(hostPrototype, 'setHeader') && responsePrototype.setHeader === hostSetHeader

module.exports = {
  /** In the place of the host's own. */
  methods: isHosts ? { setHeader } : {},
  hosts: { setHeader: hostSetHeader },
  /** On a class of ours. */
  inherited: isHosts ? { setHeader: inherited } : {}
}
