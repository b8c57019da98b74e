'use strict'

// Scenario by scenario, all subjects at once: each serves from a process of its own, is warmed, and
// waits without a load until its turn comes. The turns are short and many, and go the other way round
// in every other round: what the machine does meanwhile is then much the same for all of them.

const { startServer } = require('./subjects')
const { loads, warmUp, startupTime } = require('./load')
const { check } = require('./check')
const { findApp } = require('./apps')
const { progress } = require('./progress')

/** Whether each round wants a process that has done nothing before. */
const isFresh = ({ load }) => load === 'stall' || load === 'startup'

/** A server that has answered right, and is warm; and the length of what it answers. */
async function ready (subject, scenario, warm) {
  const server = await startServer(subject, scenario)
  try {
    const body = findApp(scenario.app).body()
    await check(server.port, scenario, body)
    // Native code needs no compiler's time.
    if (!isFresh(scenario)) await warmUp(server, scenario, body.length, subject.name === 'limit' ? 0.2 : warm)
    return { server, length: body.length }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** One figure, or more where one run gives them, by the names of their scenarios. */
async function turn (subject, scenario, kept, times) {
  if (scenario.load === 'startup') return startupTime()
  const found = kept.get(subject) ?? await ready(subject, scenario, times.warm)
  if (!isFresh(scenario)) kept.set(subject, found)
  const { server, length } = found
  try {
    return await loads[scenario.load](server, scenario, length, times)
  } finally {
    if (isFresh(scenario)) await server.stop()
  }
}

/** What is measured together: all figures of the stalled clients come from one run. @returns {import('./scenarios').Scenario[][]} */
function runsOf (scenarios) {
  const stalled = scenarios.filter(({ load }) => load === 'stall')
  const [first] = stalled
  return scenarios.filter((scenario) => scenario.load !== 'stall' || scenario === first)
    .map((scenario) => scenario === first ? stalled : [scenario])
}

const applies = (scenario, subject) => !scenario.without?.includes(subject.name) &&
  (subject.apps?.includes(scenario.app) ?? true) && !(scenario.load === 'startup' && subject.name !== 'sluice')

/**
 * @param {import('./scenarios').Scenario[]} scenarios
 * @param {{ name: string }[]} subjects
 * @param {{ rounds: number, freshRounds?: number, budget: number, onlyOne?: boolean, tell?: (scenario: import('./scenarios').Scenario, figures: Record<string, number[]>) => void }} options `freshRounds`
 *   of what wants a new process each time; `budget` in seconds, of which each scenario has its share:
 *   a round that would exceed it is not begun, except the first; `onlyOne`: `register` only where
 *   sluice itself has no such scenario; `tell` is given each scenario when it is measured
 * @returns {Promise<{ figures: Record<string, Record<string, number[]>>, cpu: Record<string, Record<string, number[]>>, failures: string[], rounds: number }>}
 *   figures, and CPU for each response where there are any, by scenario and subject, one a round;
 *   `rounds` that the scenario with most of them had
 */
async function measure (scenarios, subjects, { rounds, freshRounds = rounds, budget, onlyOne = false, tell = () => {}, ...times }) {
  const figures = Object.fromEntries(scenarios.map(({ name }) => [name, {}]))
  const cpu = Object.fromEntries(scenarios.map(({ name }) => [name, {}]))
  const failures = new Map()
  const runs = runsOf(scenarios)
  const isChosen = (scenario, subject) => applies(scenario, subject) &&
    !(onlyOne && subject.name === 'register' && !scenario.without?.includes('sluice'))
  const bar = progress(runs.length)
  const end = Date.now() + budget * 1000
  let most = 0
  for (const [nth, measured] of runs.entries()) {
    const [scenario] = measured
    bar.step(scenario.name)
    const chosen = subjects.filter((subject) => isChosen(scenario, subject))
    const kept = new Map()
    const start = Date.now()
    const share = (end - start) / (runs.length - nth)
    try {
      for (let round = 0; round < (isFresh(scenario) ? freshRounds : rounds); round++) {
        if (round > 0 && (Date.now() - start) / round * (round + 1) > share) break
        most = Math.max(most, round + 1)
        for (const subject of round % 2 === 0 ? chosen : [...chosen].reverse()) {
          const key = `${scenario.name}, ${subject.title}`
          if (failures.has(key)) continue
          try {
            const found = await turn(subject, scenario, kept, times)
            for (const { name } of measured) {
              if (name in found) (figures[name][subject.name] ??= []).push(found[name])
            }
            if ('cpu' in found) (cpu[scenario.name][subject.name] ??= []).push(found.cpu)
          } catch (error) {
            failures.set(key, error.message)
            // A subject that once answered wrongly has no figure.
            for (const { name } of measured) delete figures[name][subject.name]
            delete cpu[scenario.name][subject.name]
          }
        }
      }
    } finally {
      for (const { server } of kept.values()) await server.stop()
    }
    bar.end()
    for (const one of measured) tell(one, figures[one.name])
  }
  return { figures, cpu, failures: [...failures].map(([key, message]) => `${key}: ${message}`), rounds: most }
}

module.exports = { measure }
