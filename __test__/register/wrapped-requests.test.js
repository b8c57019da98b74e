'use strict'

// Methods of requests, and of the socket below, that somebody has wrapped before or after sluice was put
// there: each wrapper sees each call, once.

const test = require('ava')
const { runNode, runScenes, register, fixture } = require('../support/registered')
const { titles } = require('../fixtures/register/wrapped-requests')

const FILE = 'wrapped-requests.js'
let runs
const all = () => (runs ??= Promise.all([
  runScenes(FILE),
  runScenes(FILE, ['--require', register]),
  runScenes(FILE, ['--require', register], { SLUICE_BACKPRESSURE: 'high-water-mark' })
]))

/** In a process of its own: what sluice finds when it is loaded counts. */
async function late (title) {
  const { out } = await runNode([fixture(FILE), title], { env: { SLUICE_LATE: '1' } })
  return JSON.parse(out).lines
}

for (const title of titles) {
  test(title, async (t) => {
    const [stock, before, mark] = (await all()).map(({ notes }) => notes.get(title))
    t.truthy(stock?.length)
    t.deepEqual(before, stock, 'sluice first')
    t.deepEqual(await late(title), stock, 'sluice last')
    t.deepEqual(mark, stock, 'high-water-mark')
  })
}
