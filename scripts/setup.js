'use strict'

// Makes a fresh clone ready to run: the development dependencies, a release build
// of the addon and the bundle of lib/, each only where it is missing or out of date.
// It runs before node_modules exists, so it may use nothing but Node's own modules.

const fs = require('node:fs')
const path = require('node:path')
const { run, runNpm, Failure } = require('./run')

const root = path.join(__dirname, '..')
/** What the addon is made of. */
const addonSources = ['src', 'build.rs', '.cargo', 'Cargo.toml', 'Cargo.lock']
/** What the bundle is made of. */
const bundleSources = ['lib', 'package.json']

/** @param {string} name a path below the top level */
const inRoot = (name) => path.join(root, name)

/**
 * The time of the last change in a file or, for a directory, anywhere below it.
 * @param {string} file
 * @returns {number} milliseconds; 0 where there is no such file
 */
function lastChange (file) {
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return 0
  if (!stats.isDirectory()) return stats.mtimeMs
  // The directory's own time counts too: it changes when a file is removed.
  const below = fs.readdirSync(file).map((name) => lastChange(path.join(file, name)))
  return Math.max(stats.mtimeMs, ...below)
}

/**
 * The addon built for this platform; its name ends in the ABI (`-gnu`, `-msvc`),
 * which the build knows better than we do.
 * @returns {string | undefined}
 */
function builtAddon () {
  const prefix = `sluice.${process.platform}-${process.arch}`
  return fs.readdirSync(root).find((name) => name.startsWith(prefix) && name.endsWith('.node'))
}

function needsDependencies () {
  // npm writes this file last: an install that was cut short leaves none.
  const installed = lastChange(inRoot('node_modules/.package-lock.json'))
  return installed === 0 || installed < lastChange(inRoot('package-lock.json'))
}

/** @param {string | undefined} product of `sources` */
function isStale (product, sources) {
  if (product === undefined) return true
  return lastChange(inRoot(product)) < Math.max(...sources.map((name) => lastChange(inRoot(name))))
}

async function installDependencies () {
  console.log('sluice: installing the development dependencies')
  // A parent's NODE_ENV=production would leave out the build tool. Only errors
  // are printed: a dependency's dependency warns of every older Node.
  await runNpm(['ci', '--include=dev', '--loglevel=error'], { cwd: root })
  const now = new Date()
  fs.utimesSync(inRoot('node_modules/.package-lock.json'), now, now)
}

/** Of C++, as Cargo looks for it: simdutf is built with it. */
function hasCompiler () {
  return run(process.env.CXX || 'c++', ['--version'], { cwd: root, capture: true }).then(() => true, () => false)
}

async function buildAddon () {
  await run('cargo', ['--version'], { cwd: root, capture: true }).catch(() => {
    throw new Failure('cargo does not run: sluice is built with Rust 1.88 or newer (https://rustup.rs)')
  })
  const features = await hasCompiler() ? [] : ['--', '--no-default-features']
  if (features.length !== 0) console.log('sluice: without a C++ compiler (apt-get install g++) long texts are encoded by V8, which is slower')
  console.log('sluice: building the addon in release mode')
  await runNpm(['run', '--silent', 'build', ...features], { cwd: root })
  const addon = builtAddon()
  if (addon === undefined) throw new Failure('the build has left no addon for this platform')
  // The build keeps the file as it is when the compiler had nothing to do.
  const now = new Date()
  fs.utimesSync(inRoot(addon), now, now)
}

/**
 * @returns {Promise<void>} rejected with a {@link Failure} where a step fails
 */
async function setup () {
  if (needsDependencies()) await installDependencies()
  if (isStale(builtAddon(), addonSources)) await buildAddon()
  if (isStale('dist/sluice.js', bundleSources)) await runNpm(['run', '--silent', 'bundle'], { cwd: root })
}

module.exports = { setup, root }

if (require.main === module) {
  setup().catch((error) => {
    if (!(error instanceof Failure)) throw error
    console.error(`sluice: ${error.message}`)
    process.exitCode = 1
  })
}
