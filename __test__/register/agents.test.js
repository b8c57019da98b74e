'use strict'

// Methods that a tracing agent has wrapped, before or after sluice was put there: each wrapper sees
// each call, once.

const test = require('ava')
const { runScenes, register } = require('../support/registered')
const { titles } = require('../fixtures/register/agents')

let runs
const all = () => (runs ??= Promise.all([
  runScenes('agents.js'),
  runScenes('agents.js', ['--require', register]),
  runScenes('agents.js', [], { SLUICE_LATE: '1' })
]))

for (const title of titles) {
  test(title, async (t) => {
    const [stock, before, after] = (await all()).map(({ notes }) => notes.get(title))
    t.truthy(stock?.length)
    t.deepEqual(before, stock, 'sluice first')
    t.deepEqual(after, stock, 'sluice last')
  })
}
