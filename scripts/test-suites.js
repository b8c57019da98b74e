'use strict'

// `npm run test:suites [-- NAME…]`: the test suites that frameworks publish in their packages, run on
// stock Node and once more with `sluice/register` in every process. Whatever passes without sluice
// must pass with it. Not part of `npm test`: it takes half an hour, and fetches a gigabyte.

const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { root, setup } = require('./setup')
const { run, runNpm, Failure } = require('./run')

/** Packages with their tests in the tarball, run by `node --test`. */
const PACKAGES = [
  'fastify@5.12.8', 'light-my-request@6.8.1', '@fastify/reply-from@12.6.5', '@fastify/http-proxy@11.6.3',
  '@fastify/static@10.1.11', '@fastify/compress@9.2.0', '@fastify/multipart@10.1.9', '@fastify/websocket@11.3.6',
  '@fastify/express@4.0.7', '@fastify/middie@9.3.6', '@fastify/sse@0.6.0', '@fastify/throttle@3.0.2'
]

const cache = path.join(root, 'target', 'suites')
const register = path.join(root, 'register.js')

/** The package with its own development dependencies. @returns {Promise<string>} its folder */
async function fetchPackage (spec) {
  const folder = path.join(cache, spec.replaceAll('/', '+'))
  const done = path.join(folder, 'installed')
  if (fs.existsSync(done)) return folder
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder, { recursive: true })
  await runNpm(['pack', spec, '--silent', '--pack-destination', folder], { capture: true })
  const [tarball] = fs.readdirSync(folder)
  await run('tar', ['xzf', tarball, '--strip-components=1'], { cwd: folder })
  await runNpm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'], { cwd: folder })
  fs.writeFileSync(done, '')
  return folder
}

/** @returns {string[]} test files, relative to the package's folder: some name them as such, others keep them alone on top */
function testFiles (folder) {
  const files = fs.readdirSync(path.join(folder, 'test'), { recursive: true })
    .map((file) => path.join('test', file))
    .filter((file) => file.endsWith('.js') && !file.includes('node_modules'))
    .sort()
  const named = files.filter((file) => file.endsWith('.test.js'))
  return named.length !== 0 ? named : files.filter((file) => path.dirname(file) === 'test')
}

/**
 * One run of a suite. @returns {Promise<{ passed: number, failed: Map<string, number> }>} how often each
 * name failed
 */
async function runSuite (folder, env) {
  const { stdout } = await run(process.execPath,
    ['--test', '--test-reporter=tap', '--test-concurrency=2', '--test-timeout=120000', ...testFiles(folder)],
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: '', ...env }, capture: true, mayFail: true })
  const passed = /^# pass (\d+)$/m.exec(stdout)
  if (passed === null) throw new Failure(`${path.basename(folder)}: the tests did not end`)
  const failed = new Map()
  for (const [, name] of stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)) failed.set(name, (failed.get(name) ?? 0) + 1)
  return { passed: Number(passed[1]), failed }
}

/** Names that fail with sluice more often than without. */
function newFailures (stock, ours) {
  return [...ours.failed].filter(([name, times]) => times > (stock.failed.get(name) ?? 0)).map(([name]) => name)
}

/** Some tests have a clock of their own, and fail now and then on a busy machine, on either side. */
const RUNS = 3

async function compare (spec) {
  const folder = await fetchPackage(spec)
  const stock = await runSuite(folder, {})
  const withSluice = { NODE_OPTIONS: `--require ${JSON.stringify(register)}`, SLUICE_REQUIRED: '1' }
  let ours
  let differences
  for (let n = 0; n < RUNS && differences?.length !== 0; n++) {
    ours = await runSuite(folder, withSluice)
    const found = newFailures(stock, ours)
    if (ours.passed + ours.failed.size < stock.passed + stock.failed.size && found.length === 0) found.push('fewer tests ran')
    differences = differences?.filter((name) => found.includes(name)) ?? found
  }
  console.log(`${spec}: ${stock.passed} pass and ${stock.failed.size} fail on stock Node, ${ours.passed} and ${ours.failed.size} with sluice`)
  for (const name of differences) console.log(`  fails with sluice, ${RUNS} times of ${RUNS}: ${name}`)
  return { passed: ours.passed, differences: differences.length }
}

async function main () {
  const { positionals } = parseArgs({ allowPositionals: true })
  const chosen = positionals.length === 0 ? PACKAGES : PACKAGES.filter((spec) => positionals.some((name) => spec.startsWith(`${name}@`)))
  if (chosen.length === 0) throw new Failure(`no such suite; there are ${PACKAGES.join(', ')}`)
  await setup()
  let passed = 0
  let failed = 0
  for (const spec of chosen) {
    const found = await compare(spec)
    passed += found.passed
    failed += found.differences
  }
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

main().catch((error) => {
  console.error(error instanceof Failure ? error.message : error)
  process.exitCode = 1
})
