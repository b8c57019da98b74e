'use strict'

// Express gives messages another prototype (`Object.setPrototypeOf(res, app.response)`). Up to V8 12 (Node 23) such an
// object has a hidden class of its own as soon as it is given a property, and its names are looked up anew, a
// hundred of a response. One whose properties are in a dictionary shares its class with all others of its
// prototype, and no program can tell it from what it was. Figures: docs/performance.md.

const { isProxy } = require('node:util/types')
const { Given } = require('./slot')

const { getPrototypeOf, getOwnPropertyDescriptor } = Object
const { defineProperty } = Reflect
const { hasOwnProperty } = Object.prototype

/** By V8's version: nothing that a script can ask tells hidden classes apart. */
const isNeeded = Number.parseInt(process.versions.v8) < 13

/** On what has a dictionary; unseen by others, as the values of slots. */
class Mark extends Given {
  #isMade = true

  static isOn (object) {
    return #isMade in object
  }
}

const kFiller = Symbol('filler')
const filler = { __proto__: null, value: undefined, configurable: true }

/** V8 makes a dictionary of an object's properties where one is deleted that is not its last. @returns {boolean} whether it had none */
function makeDictionary (object) {
  if (Mark.isOn(object) || !defineProperty(object, kFiller, filler)) return false
  new Mark(object) // eslint-disable-line no-new
  return delete object[kFiller]
}

/** Prototypes by whether they are given to objects that a class has made. @type {WeakMap<object, boolean>} */
const prototypes = new WeakMap()

/**
 * Whether an object was given its prototype. Not the first object of one, and by that none with a prototype for
 * itself. Nothing is asked that a program answers: no proxy, no getter.
 */
function isGiven (object) {
  if (isProxy(object)) return false
  const prototype = getPrototypeOf(object)
  const known = prototypes.get(prototype)
  if (known === undefined && prototype !== null) {
    prototypes.set(prototype, !isProxy(prototype) && !hasOwnProperty.call(prototype, 'constructor'))
  }
  return known === true
}

/**
 * A message that was given its prototype shares its hidden class from then on, as does its request.
 * @param {import('node:http').OutgoingMessage} message
 * @returns {boolean} whether it was given one
 */
function shareClass (message) {
  if (!isGiven(message)) return false
  if (makeDictionary(message)) {
    const req = getOwnPropertyDescriptor(message, 'req')?.value
    if (typeof req === 'object' && req !== null && isGiven(req)) makeDictionary(req)
  }
  return true
}

module.exports = { isNeeded, shareClass }
