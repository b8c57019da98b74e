'use strict'

// Rounds: in each, every subject serves every scenario once, from a fresh process; in turn, and in
// every other round the other way round.

const { startServer } = require('./subjects')
const { loads, startupTime } = require('./load')
const { check } = require('./check')
const { findApp } = require('./apps')
const { progress } = require('./progress')

/** One figure, or more where one run gives them, by the names of their scenarios. */
async function measureOnce (subject, scenario, times) {
  if (scenario.load === 'startup') return startupTime()
  const server = await startServer(subject, scenario)
  try {
    const body = findApp(scenario.app).body()
    await check(server.port, scenario, body)
    // Native code needs no compiler's time.
    return await loads[scenario.load](server, scenario, body.length, subject.name === 'limit' ? { ...times, warm: 0.2 } : times)
  } finally {
    await server.stop()
  }
}

const applies = (scenario, subject) => !scenario.without?.includes(subject.name) && !(scenario.load === 'startup' && subject.name !== 'sluice')

/**
 * @param {import('./scenarios').Scenario[]} scenarios
 * @param {{ name: string }[]} subjects
 * @param {{ rounds: number, budget: number, onlyOne?: boolean }} options `budget` in seconds: a
 *   round that would exceed it is not begun, except the first; `onlyOne`: `register` only where
 *   sluice itself has no such scenario
 * @returns {Promise<{ figures: Record<string, Record<string, number[]>>, cpu: Record<string, Record<string, number[]>>, failures: string[], rounds: number }>}
 *   figures, and CPU for each response where there are any, by scenario and subject, one a round
 */
async function measure (scenarios, subjects, { rounds, budget, onlyOne = false, ...times }) {
  const figures = Object.fromEntries(scenarios.map(({ name }) => [name, {}]))
  const cpu = Object.fromEntries(scenarios.map(({ name }) => [name, {}]))
  const failures = new Map()
  // Both figures of the stalled clients come from one run.
  const runs = scenarios.filter(({ load }, index) => load !== 'stall' || scenarios.findIndex((other) => other.load === load) === index)
  const isChosen = (scenario, subject) => applies(scenario, subject) &&
    !(onlyOne && subject.name === 'register' && !scenario.without?.includes('sluice'))
  const pairs = runs.flatMap((scenario) => subjects.filter((subject) => isChosen(scenario, subject)).map((subject) => ({ scenario, subject })))
  const bar = progress(pairs.length * rounds)
  const start = Date.now()
  let round = 0
  for (; round < rounds; round++) {
    const spent = (Date.now() - start) / 1000
    if (round > 0 && spent / round * (round + 1) > budget) break
    for (const { scenario, subject } of round % 2 === 0 ? pairs : [...pairs].reverse()) {
      const key = `${scenario.name}, ${subject.title}`
      bar.step(key)
      if (failures.has(key)) continue
      try {
        const found = await measureOnce(subject, scenario, times)
        for (const { name } of scenarios) {
          if (name in found) (figures[name][subject.name] ??= []).push(found[name])
        }
        if ('cpu' in found) (cpu[scenario.name][subject.name] ??= []).push(found.cpu)
      } catch (error) {
        failures.set(key, error.message)
        // A subject that once answered wrongly has no figure.
        delete figures[scenario.name][subject.name]
        delete cpu[scenario.name][subject.name]
        if (scenario.load === 'stall') delete figures['stalled-cpu']?.[subject.name]
      }
    }
  }
  bar.end()
  return { figures, cpu, failures: [...failures].map(([key, message]) => `${key}: ${message}`), rounds: round }
}

module.exports = { measure, measureOnce }
