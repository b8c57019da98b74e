'use strict'

const fc = require('fast-check')

/** Everything that is needed to understand and repeat a failure: a line for each of the programs. */
function explain ({ seed, counterexamplePath, counterexample, errorInstance }) {
  const entries = Object.entries(counterexample[0])
  const programs = entries.filter(([, value]) => Array.isArray(value)).flatMap(([, value]) => value)
  const how = entries.filter(([, value]) => !Array.isArray(value))
  return [
    `SLUICE_SEED=${seed} SLUICE_PATH=${counterexamplePath}`,
    `${errorInstance?.message}`,
    JSON.stringify(Object.fromEntries(how)),
    ...programs.map((program) => JSON.stringify(program))
  ].join('\n')
}

/**
 * Runs a property on random programs, or on those that SLUICE_SEED and SLUICE_PATH name.
 * @returns {Promise<boolean>} whether it held; else the test has failed
 */
async function check (t, property, numRuns) {
  const report = await fc.check(property, {
    numRuns,
    // For programs that wait for ever: each smaller one would, too.
    endOnFailure: Boolean(process.env.SLUICE_UNSHRUNKEN),
    ...(process.env.SLUICE_SEED && { seed: Number(process.env.SLUICE_SEED) }),
    ...(process.env.SLUICE_PATH && { path: process.env.SLUICE_PATH })
  })
  if (report.failed) t.fail(explain(report))
  return !report.failed
}

/**
 * A program that waits for what never comes is a failure of its own, to be printed.
 * @param {Promise<void>} promise of the program
 * @param {() => void} giveUp lets go of what it holds
 */
async function inTime (promise, giveUp) {
  let timer
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('waits for ever')), 20_000)
  })
  try {
    await Promise.race([promise, late])
  } catch (error) {
    giveUp()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

module.exports = { check, inTime }
