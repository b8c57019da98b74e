'use strict'

// Which apps this Node can run: by the `engines` of the packages that they load. Where
// only those of a dependency leave this Node out, it is tried: Fastify 5 itself names no Node.

const fs = require('node:fs')
const path = require('node:path')
const { spawnSync } = require('node:child_process')
const { satisfies } = require('semver')

const MODULE = /(?:require|import)\((['"])([^.'"][^'"]*)\1\)/g

/** The packages that a file and those beside it that it loads ask for. */
function packagesOf (file, seen = new Set()) {
  if (seen.has(file)) return []
  seen.add(file)
  const source = fs.readFileSync(file, 'utf8')
  const names = [...source.matchAll(MODULE)].map(([, , name]) => name)
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'))
  const beside = [...source.matchAll(/require\('(\.[^']*)'\)/g)]
    .map(([, name]) => path.join(path.dirname(file), name.endsWith('.js') ? name : `${name}.js`))
  return [...names, ...beside.flatMap((name) => packagesOf(name, seen))]
}

/** The directory of a package as it is found from another's. */
function find (name, from) {
  for (let at = from; ; at = path.dirname(at)) {
    const directory = path.join(at, 'node_modules', name)
    if (fs.existsSync(path.join(directory, 'package.json'))) return directory
    if (at === __dirname) return null
  }
}

const manifestOf = (directory) => JSON.parse(fs.readFileSync(path.join(directory, 'package.json'), 'utf8'))
const takesThisNode = ({ engines }) => engines?.node === undefined || satisfies(process.versions.node, engines.node)

/** Whether all that a package can't do without take this Node. */
function isAllowed (directory, seen = new Set()) {
  if (directory === null || seen.has(directory)) return true
  seen.add(directory)
  const manifest = manifestOf(directory)
  return takesThisNode(manifest) && Object.keys(manifest.dependencies ?? {})
    .every((one) => one in (manifest.optionalDependencies ?? {}) || isAllowed(find(one, directory), seen))
}

/** Whether an app starts on stock Node. */
function starts (file) {
  const script = `Promise.resolve(require(${JSON.stringify(file)})(() => {})).then(() => process.exit(0))`
  return spawnSync(process.execPath, ['--eval', script], { stdio: 'ignore' }).status === 0
}

/** @returns {string[]} the packages of an app that do not take this Node */
function refusedBy (app) {
  const file = path.join(__dirname, 'apps', `${app}.js`)
  const directories = [...new Set(packagesOf(file))].map((name) => find(name, __dirname))
  const refused = directories.filter((directory) => !takesThisNode(manifestOf(directory)))
  const doubtful = directories.filter((directory) => !isAllowed(directory))
  if (refused.length === 0 && doubtful.length > 0 && !starts(file)) refused.push(...doubtful)
  return refused.map((directory) => path.relative(path.join(__dirname, 'node_modules'), directory))
}

/**
 * A test of an app, skipped where one of its packages does not take this Node.
 * @param {import('ava').TestFn} test
 */
function testOf (test, app, title, run) {
  const refused = refusedBy(app)
  if (refused.length === 0) return test.serial(title, run)
  test.serial.skip(`${title}: ${refused.join(', ')} not for this Node`, run)
}

module.exports = { testOf, refusedBy }
