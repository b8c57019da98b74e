'use strict'

// `npm run test:matrix [-- VERSION...]`: the AVA suites on each Node version, all
// with the same built addon. Node comes from the npm registry and stays in `.matrix/`.

const fs = require('node:fs')
const path = require('node:path')
const { setup, root } = require('./setup')
const { countTapLine } = require('./tap')
const { run, runNpm, Failure } = require('./run')

const VERSIONS = ['18', '20', '22', '24', '26']
const directory = path.join(root, '.matrix')
const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')

/**
 * @typedef {object} Row
 * @property {string} version as the binary says it
 * @property {number} passed
 * @property {number} failed
 * @property {number} seconds
 */

/**
 * Fetches a Node binary, unless it is there.
 * @param {string} version as npm takes it: `22`, `22.12.0`
 * @returns {Promise<string>} path of the binary
 */
async function fetchNode (version) {
  const name = `node-${process.platform}-${process.arch}`
  const prefix = path.join(directory, version)
  const binary = path.join(prefix, 'node_modules', name, 'bin', 'node')
  if (fs.existsSync(binary)) return binary
  console.log(`sluice: fetching Node ${version}`)
  fs.mkdirSync(prefix, { recursive: true })
  await runNpm(['install', '--no-save', '--no-package-lock', '--ignore-scripts', '--loglevel=error',
    '--prefix', prefix, `${name}@${version}`], { cwd: prefix })
  return binary
}

/**
 * @param {string} version
 * @param {string[]} files patterns for AVA; none are its own
 * @returns {Promise<Row>}
 */
async function runOn (version, files) {
  const binary = await fetchNode(version)
  const { stdout } = await run(binary, ['--version'], { cwd: root, capture: true })
  const row = { version: stdout.trim().slice(1), passed: 0, failed: 0, seconds: 0 }
  console.log(`\n# Node ${row.version}`)
  const start = process.hrtime.bigint()
  // What tests start by name is this Node too.
  const env = { ...process.env, PATH: `${path.dirname(binary)}${path.delimiter}${process.env.PATH}` }
  const { code } = await run(binary, [ava, '--tap', ...files], {
    cwd: root,
    env,
    mayFail: true,
    onLine: (line) => countTapLine(row, line)
  })
  row.seconds = Number((process.hrtime.bigint() - start) / 1_000_000_000n)
  const hasRun = row.passed + row.failed > 0
  // A runner that fails without naming a failed test, or runs none.
  if (row.failed === 0 && (code !== 0 || !hasRun)) row.failed = 1
  return row
}

/** @param {Row[]} rows */
function printTable (rows) {
  console.log('\n| Node | passed | failed | seconds |\n| --- | ---: | ---: | ---: |')
  for (const { version, passed, failed, seconds } of rows) {
    console.log(`| ${version} | ${passed} | ${failed} | ${seconds} |`)
  }
}

/** @returns {Promise<boolean>} whether all passed */
async function main () {
  const choice = process.argv.slice(2)
  const isVersion = (argument) => /^\d+(?:\.\d+)*$/.test(argument)
  const versions = choice.filter(isVersion)
  const files = choice.filter((argument) => !isVersion(argument))
  await setup()
  const rows = []
  for (const version of versions.length > 0 ? versions : VERSIONS) rows.push(await runOn(version, files))
  printTable(rows)
  const failing = rows.filter(({ failed }) => failed > 0).map(({ version }) => version)
  console.log(failing.length === 0
    ? `\nall ${rows.length} versions passed`
    : `\n${failing.length} of ${rows.length} versions failed: ${failing.join(', ')}`)
  return failing.length === 0
}

module.exports = { fetchNode, VERSIONS }

if (require.main === module) {
  main().then((passed) => {
    process.exitCode = passed ? 0 : 1
  }, (error) => {
    if (!(error instanceof Failure)) throw error
    console.error(`sluice: ${error.message}`)
    process.exitCode = 1
  })
}
