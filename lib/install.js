'use strict'

// Puts the write side on the host's own prototype, so that every outgoing message of the process
// has it: responses and requests, of any subclass, made before or after.

const http = require('node:http')
const { native } = require('./binding')
const { installOn } = native === null ? { installOn () {} } : require('./message')
const { isWrapped } = require('./origin')
const interim = require('./interim')
const statusLine = require('./status-line')
const setHeader = require('./set-header')
const idle = require('./idle')
const { setDefaults } = require('./options')

const prototype = http.OutgoingMessage.prototype

/** By it another copy of sluice knows our `write`. */
const kWrite = Symbol.for('sluice.write')

/** @typedef {{ target: object, name: string, before?: PropertyDescriptor, ours: PropertyDescriptor }} Replaced */

/** @type {Replaced[] | null} */
let installed = null

/**
 * A `write` or `end` that somebody has wrapped before us can't be put under ours: it stays, and
 * Node writes. A response's own (dd-trace puts them there) hides those beneath.
 */
function isPristine () {
  return [prototype, http.ServerResponse.prototype].every((object) =>
    ['write', 'end'].every((name) => !isWrapped(object, name)))
}

/**
 * @param {{ backpressure?: string, coalesce?: boolean }} [options]
 * @returns {boolean} whether messages are written by sluice from now on: by this copy of it, or one that was
 *   there before, with the options of that one
 */
function install (options) {
  setDefaults(options)
  if (native === null) return false
  if (installed !== null || prototype.write[kWrite]) return true
  if (!isPristine()) return false
  const template = {}
  installOn(template)
  Object.defineProperty(template.write, kWrite, { __proto__: null, value: true })
  const names = Object.getOwnPropertyNames(template).filter((name) => !isWrapped(prototype, name))
  installed = names.flatMap((name) => {
    const ours = Object.getOwnPropertyDescriptor(template, name)
    return targetsOf(name).map((target) => replace(target, name, ours))
  })
  for (const part of [interim, statusLine]) {
    installed.push(...replaceAll(http.ServerResponse.prototype, part))
  }
  installed.push(...replaceAll(prototype, setHeader))
  for (const server of servers()) installed.push(...replaceAll(server, idle))
  return true
}

/** The host's own `writableLength` can't be redefined where it stands. */
function targetsOf (name) {
  const isFixed = Object.getOwnPropertyDescriptor(prototype, name)?.configurable === false
  return isFixed ? [http.ServerResponse.prototype, http.ClientRequest.prototype] : [prototype]
}

/** @returns {Replaced} */
function replace (target, name, descriptor) {
  const before = Object.getOwnPropertyDescriptor(target, name)
  // As the host's: loops over a message's properties see what they saw.
  const ours = { ...descriptor, configurable: true, enumerable: before?.enumerable ?? false }
  Object.defineProperty(target, name, ours)
  return { target, name, before, ours }
}

/** `node:https` copies the method of `node:http` when it is loaded, which costs too much to do for it. */
function servers () {
  const isLoaded = process.moduleLoadList.some((name) => name.endsWith(' https'))
  return isLoaded ? [http.Server.prototype, require('node:https').Server.prototype] : [http.Server.prototype]
}

/** A method that somebody has wrapped since sluice was loaded is left to them. @returns {Replaced[]} */
function replaceAll (target, { methods, hosts }) {
  return Object.entries(methods)
    .filter(([name]) => target[name] === hosts[name])
    .map(([name, value]) => replace(target, name, { value, writable: true }))
}

/** Gives the host its own back; what others have put over ours since stays, and calls ours. */
function uninstall () {
  setDefaults()
  if (installed === null) return
  for (const { target, name, before, ours } of installed.reverse()) {
    const now = Object.getOwnPropertyDescriptor(target, name)
    if (now === undefined || now.value !== ours.value || now.get !== ours.get) continue
    if (before === undefined) delete target[name]
    else Object.defineProperty(target, name, before)
  }
  installed = null
  // A `node:https` that was loaded since has copied it.
  for (const server of servers()) idle.restore(server)
}

module.exports = { install, uninstall }
