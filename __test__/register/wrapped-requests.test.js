'use strict'

// Methods of requests, and of the socket below, that somebody has wrapped before or after sluice was put
// there: each wrapper sees each call, once.

const test = require('ava')
const { compareScenes, runNode, runScenes, fixture } = require('../support/registered')
const { titles } = require('../fixtures/register/wrapped-requests')

const FILE = 'wrapped-requests.js'
compareScenes(test, FILE)

let stock
for (const title of titles) {
  // In a process of its own: what sluice finds when it is loaded counts.
  test(`${title}, sluice last`, async (t) => {
    const expected = (await (stock ??= runScenes(FILE))).notes.get(title)
    const { out } = await runNode([fixture(FILE), title], { env: { SLUICE_LATE: '1' } })
    t.truthy(expected?.length)
    t.deepEqual(JSON.parse(out).lines, expected)
  })
}
