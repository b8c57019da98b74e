'use strict'

// npm run bench -- [--quick] [--only NAME]… [--self | --growth | --latency] [--rounds N] [--seconds N]

const { Failure } = require('../scripts/run')
const { parseFlags, positive } = require('./flags')
const { prepare } = require('./prepare')
const { scenarios } = require('./scenarios')
const { presentSubjects, selfCheckSubjects } = require('./subjects')
const { measure } = require('./measure')
const { growth } = require('./growth')
const { latency } = require('./latency')
const { ratios } = require('./statistics')
const { tableHead, tableRow, cpuTable, writeReport } = require('./report')

// Stock Node's hello world reaches its rate after a second and more of load: before, the compiler
// has the same core. Many short turns: on a shared machine a minute is not like the one before.
const FULL = { rounds: 12, freshRounds: 3, warm: 2, seconds: 1, clients: 5000, budget: 44 * 60 }
const QUICK = { rounds: 3, freshRounds: 2, warm: 0.6, seconds: 0.4, clients: 500, budget: 110 }
const PART = { rounds: 6, warm: 1.5, seconds: 0.7, budget: 30 * 60 }
/** A pause of 80 ms, which a shared machine makes now and then, is a whole round's p99. */
const LATENCY = { ...PART, rounds: 9, seconds: 1.5 }
const QUICK_PART = { rounds: 1, warm: 0.3, seconds: 0.3, budget: 110 }

/** Left out of a quick run, unless they are asked for: each takes seconds. */
const SLOW = ['drain-64m', 'file', 'tls', 'stalled-memory', 'stalled-cpu', 'connections', 'visits']

function chosen (names, quick) {
  for (const name of names) {
    if (!scenarios.some((scenario) => scenario.name === name)) {
      throw new Failure(`no scenario ${name}; there are ${scenarios.map((scenario) => scenario.name).join(', ')}`)
    }
  }
  if (names.length > 0) return scenarios.filter(({ name }) => names.includes(name))
  return quick ? scenarios.filter(({ name }) => !SLOW.includes(name)) : scenarios
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

function tellFailures (failures) {
  for (const failure of failures) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

/** What writes the same page again. */
function commandOf ({ rounds, seconds }) {
  const flags = Object.entries({ rounds, seconds }).filter(([, value]) => value !== undefined).map(([name, value]) => `--${name} ${value}`)
  return flags.length === 0 ? 'npm run bench' : `npm run bench -- ${flags.join(' ')}`
}

async function ratiosOfScenarios (values, options) {
  const run = chosen(values.only, values.quick)
  await prepare()
  // Quick: sluice and stock Node alone; `register` where sluice has no such scenario.
  const subjects = values.self
    ? selfCheckSubjects()
    : presentSubjects().filter(({ name }) => !values.quick || ['stock', 'sluice', 'register'].includes(name))
  // Row by row: a run that is cut off has told what it found.
  const tell = values.self ? undefined : (scenario, figures) => { console.log(tableRow(scenario, subjects, figures)) }
  if (!values.self) console.log(tableHead(subjects))
  const found = await measure(run, subjects, { ...options, onlyOne: values.quick, tell })
  if (values.self) return tellSelfCheck(run, found.figures)
  console.log(`\n${cpuTable(run, subjects, found.cpu)}`)
  if (!values.quick && values.only.length === 0) writeReport(run, subjects, found, { ...options, command: commandOf(values) })
  tellFailures(found.failures)
}

function optionsFor ({ quick, growth, latency }) {
  if (growth || latency) return quick ? QUICK_PART : latency ? LATENCY : PART
  return quick ? QUICK : FULL
}

async function main () {
  const values = parseFlags('bench', {
    quick: { type: 'boolean', default: false },
    self: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    latency: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string' },
    seconds: { type: 'string' }
  })
  const parts = ['self', 'growth', 'latency'].filter((name) => values[name])
  if (parts.length > 1) throw new Failure(`one at a time: ${parts.map((name) => `--${name}`).join(' or ')}`)
  const isPart = values.growth || values.latency
  if (isPart && values.only.length > 0) throw new Failure(`--only chooses scenarios, and --${parts[0]} has none of them`)
  const options = { ...optionsFor(values) }
  options.rounds = positive('rounds', values.rounds, options.rounds)
  if (!Number.isInteger(options.rounds)) throw new Failure(`--rounds takes a whole number, and not "${values.rounds}"`)
  if (options.freshRounds !== undefined) options.freshRounds = Math.min(options.freshRounds, options.rounds)
  // Warmed for as long as measured: on a slow machine the compiler is busy for the first seconds.
  if (values.seconds !== undefined) options.seconds = options.warm = positive('seconds', values.seconds)
  // A server that isn't warm can't keep the rate, and what it then owes is all that would be seen.
  if (values.latency) options.warm = Math.max(options.warm, PART.warm)
  if (!isPart) return ratiosOfScenarios(values, options)
  await prepare()
  const subjects = presentSubjects().filter(({ name }) => ['stock', 'sluice', 'register'].includes(name))
  tellFailures(await (values.growth ? growth : latency)(subjects, options, !values.quick))
}

main().catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(`bench: ${error.message}`)
  process.exitCode = 1
})
