'use strict'

// Rounds: in each, every subject serves every scenario once, in turn, from a fresh process.

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
    return await loads[scenario.load](server, scenario, body.length, times)
  } finally {
    await server.stop()
  }
}

const applies = (scenario, subject) => !scenario.without?.includes(subject.name) && !(scenario.load === 'startup' && subject.name !== 'sluice')

/**
 * @param {import('./scenarios').Scenario[]} scenarios
 * @param {{ name: string }[]} subjects
 * @param {{ rounds: number, budget: number }} options `budget` in seconds: a round that would
 *   exceed it is not begun, except the first
 * @returns {Promise<{ figures: Record<string, Record<string, number[]>>, failures: string[], rounds: number }>}
 *   figures by scenario and subject, one a round
 */
async function measure (scenarios, subjects, { rounds, budget, ...times }) {
  const figures = Object.fromEntries(scenarios.map(({ name }) => [name, {}]))
  const failures = new Map()
  // Both figures of the stalled clients come from one run.
  const runs = scenarios.filter(({ load }, index) => load !== 'stall' || scenarios.findIndex((other) => other.load === load) === index)
  const pairs = runs.flatMap((scenario) => subjects.filter((subject) => applies(scenario, subject)).map((subject) => ({ scenario, subject })))
  const bar = progress(pairs.length * rounds)
  const start = Date.now()
  let round = 0
  for (; round < rounds; round++) {
    const spent = (Date.now() - start) / 1000
    if (round > 0 && spent / round * (round + 1) > budget) break
    for (const { scenario, subject } of pairs) {
      const key = `${scenario.name}, ${subject.title}`
      bar.step(key)
      if (failures.has(key)) continue
      try {
        const found = await measureOnce(subject, scenario, times)
        for (const { name } of scenarios) {
          if (name in found) (figures[name][subject.name] ??= []).push(found[name])
        }
      } catch (error) {
        failures.set(key, error.message)
        // A subject that once answered wrongly has no figure.
        delete figures[scenario.name][subject.name]
        if (scenario.load === 'stall') delete figures['stalled-cpu']?.[subject.name]
      }
    }
  }
  bar.end()
  return { figures, failures: [...failures].map(([key, message]) => `${key}: ${message}`), rounds: round }
}

module.exports = { measure, measureOnce }
