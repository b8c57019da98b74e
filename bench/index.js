'use strict'

// npm run bench -- [--quick] [--only NAME]... [--self] [--rounds N] [--seconds N]

const { parseArgs } = require('node:util')
const { Failure } = require('../scripts/run')
const { prepare } = require('./prepare')
const { scenarios } = require('./scenarios')
const { presentSubjects, selfCheckSubjects } = require('./subjects')
const { measure } = require('./measure')
const { ratios } = require('./statistics')
const { table, writeReport } = require('./report')

const FULL = { rounds: 5, warm: 0.3, seconds: 1, clients: 5000, budget: 24 * 60 }
const QUICK = { rounds: 1, warm: 0.1, seconds: 0.4, clients: 500, budget: 60 }

function chosen (names) {
  for (const name of names) {
    if (!scenarios.some((scenario) => scenario.name === name)) {
      throw new Failure(`no scenario ${name}; there are ${scenarios.map((scenario) => scenario.name).join(', ')}`)
    }
  }
  return names.length === 0 ? scenarios : scenarios.filter(({ name }) => names.includes(name))
}

/** Stock Node against itself: every ratio must be about 1. */
function tellSelfCheck (run, figures) {
  for (const { name } of run) {
    if (!figures[name].self) continue
    const { median, least, most } = ratios(figures[name].self, figures[name].stock)
    const isSane = least <= 1 && most >= 1
    console.log(`${name}: ${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})${isSane ? '' : '  1.00 is outside the range'}`)
  }
}

async function main () {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      self: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' }
    }
  })
  const options = { ...(values.quick ? QUICK : FULL) }
  if (values.rounds) options.rounds = Number(values.rounds)
  // Warmed for as long as measured: on a slow machine the compiler is busy for the first seconds.
  if (values.seconds) options.seconds = options.warm = Number(values.seconds)
  const run = chosen(values.only)
  await prepare()
  // Quick: without the runtimes that no floor compares with.
  const subjects = values.self
    ? selfCheckSubjects()
    : presentSubjects().filter(({ name }) => !values.quick || !['deno', 'limit'].includes(name))
  const found = await measure(run, subjects, options)
  if (values.self) return tellSelfCheck(run, found.figures)
  console.log(table(run, subjects, found.figures))
  for (const failure of found.failures) console.error(failure)
  const isWhole = !values.quick && values.only.length === 0
  if (isWhole) writeReport(run, subjects, found, { clients: options.clients, command: 'npm run bench' })
  if (found.failures.length > 0) process.exitCode = 1
}

main().catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
})
