'use strict'

// `npm test`: sets up what is missing, runs the suites (Rust's, AVA's, a part of AVA's
// with sluice installed, the types) and prints their total as the last line, alone:
// `N passed, N failed`.

const fs = require('node:fs')
const path = require('node:path')
const { setup, root } = require('./setup')
const { countTapLine } = require('./tap')
const { run, Failure } = require('./run')

/** @typedef {import('./tap').Count} Count */
/** @typedef {(count: Count, line: string) => void} LineCounter */

/**
 * cargo prints one summary for each test binary and for the doc tests.
 * @type {LineCounter}
 */
function countCargoLine (count, line) {
  const summary = /^test result: \S+ (\d+) passed; (\d+) failed;/.exec(line)
  if (summary === null) return
  count.passed += Number(summary[1])
  count.failed += Number(summary[2])
}

/**
 * Runs a suite and counts its lines. A runner that fails without naming a
 * failed test, and one that ran no test at all, count as one failure.
 * @param {string} name
 * @param {string} command
 * @param {string[]} commandArguments
 * @param {LineCounter} countLine
 * @returns {Promise<Count>}
 */
async function runSuite (name, command, commandArguments, countLine, env = {}) {
  console.log(`\n# ${name}`)
  const count = { passed: 0, failed: 0 }
  const { code } = await run(command, commandArguments, {
    cwd: root,
    env: { ...process.env, ...env },
    mayFail: true,
    onLine: (line) => countLine(count, line)
  }).catch((error) => {
    console.error(error.message)
    return { code: 1 }
  })
  return settle(name, count, code)
}

/**
 * @param {string} name
 * @param {Count} count
 * @param {number} code the runner's exit code
 * @returns {Count}
 */
function settle (name, count, code) {
  if (count.passed + count.failed === 0) {
    console.log(`${name}: no test was run`)
    return { passed: 0, failed: 1 }
  }
  if (code !== 0 && count.failed === 0) {
    console.log(`${name}: the runner failed with exit code ${code}`)
    return { passed: count.passed, failed: 1 }
  }
  return count
}

/**
 * Type tests: each file is one test, which passes when the compiler has nothing
 * to say of it. A use that must be an error is marked with `@ts-expect-error`.
 * @returns {Promise<Count>}
 */
async function runTypeTests () {
  console.log('\n# Type tests')
  const compiler = require.resolve('typescript/bin/tsc')
  const { code, stdout } = await run(process.execPath, [compiler, '--project', 'test-d', '--pretty', 'false'], {
    cwd: root,
    capture: true,
    mayFail: true
  })
  process.stdout.write(stdout)
  const files = fs.readdirSync(path.join(root, 'test-d')).filter((name) => /\.test-d\.[cm]?ts$/.test(name))
  const count = { passed: 0, failed: 0 }
  for (const file of files.sort()) {
    const isWrong = stdout.split('\n').some((line) => line.startsWith(`test-d/${file}(`))
    console.log(`${isWrong ? 'not ok' : 'ok'} - ${file}`)
    if (isWrong) count.failed++
    else count.passed++
  }
  return settle('Type tests', count, code)
}

async function main () {
  await setup()
  const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')
  const counts = [
    await runSuite('cargo test', 'cargo', ['test', '--no-fail-fast'], countCargoLine),
    await runSuite('AVA', process.execPath, [ava, '--tap'], countTapLine),
    await runSuite('AVA, sluice installed on Node\'s own classes', process.execPath,
      [ava, '--tap', '__test__/differential/*.test.js', '__test__/backpressure.test.js', '__test__/cork.test.js'], countTapLine, { SLUICE_SUBJECT: 'register' }),
    await runTypeTests()
  ]
  return counts.reduce((total, count) => ({
    passed: total.passed + count.passed,
    failed: total.failed + count.failed
  }))
}

main().catch((error) => {
  console.error(error instanceof Failure ? `sluice: ${error.message}` : error)
  return { passed: 0, failed: 1 }
}).then(({ passed, failed }) => {
  process.exitCode = failed === 0 ? 0 : 1
  console.log(`\n${passed} passed, ${failed} failed`)
})
