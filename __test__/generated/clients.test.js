'use strict'

// Random programs of http.request and https.request, on stock Node and with sluice installed.
// A failure prints the shrunken program and the seed; to repeat it:
//   SLUICE_SEED=… SLUICE_PATH=… npx ava __test__/generated/clients.test.js

const test = require('ava')
const fc = require('fast-check')
const sluice = require('../..')
const host = require('../support/host')
const { isOfUnsent, wireText, abbreviate, withoutHeadSent, mapValues } = require('../support/normalise')
const { clientProgram } = require('./client-programs')
const { Origin, runClient } = require('./client-interpreter')
const { requestMeaning } = require('./request-meaning')
const { sequences, checkDrains, firstDifference } = require('./difference')
const { check } = require('./check')

const PROGRAMS = Math.ceil(Number(process.env.SLUICE_PROGRAMS ?? 6000) / 10)

/** What of a run must be the same. */
function comparable ({ connections, exchanges }, { backpressure }) {
  const truth = backpressure === 'kernel'
  const isForgotten = (entry) => truth && (entry.name === 'drain' || isOfUnsent(entry))
  return {
    wire: connections.map((bytes) => host.joinsCorkedChunks && truth ? requestMeaning(bytes) : abbreviate(wireText(bytes))),
    exchanges: exchanges.map(({ log, returns, snapshots }) => ({
      ...sequences(log.filter((entry) => !isForgotten(entry))),
      returns: returns.map((entry) => truth && /write$/.test(entry.call) && typeof entry.result === 'boolean'
        ? { call: entry.call }
        : entry),
      snapshots: truth && host.joinsTick ? mapValues(snapshots, withoutHeadSent) : snapshots
    }))
  }
}

/** With sluice in the process's requests, and without it again. */
async function installed (options, action) {
  if (!sluice.install(options) && sluice.native) throw new Error('sluice was not installed')
  try {
    return await action()
  } finally {
    sluice.uninstall()
  }
}

test.serial(`${PROGRAMS} random programs of clients`, async (t) => {
  t.timeout(300_000)
  const origins = { tcp: await Origin.start('tcp'), tls: await Origin.start('tls') }
  let programs = 0
  try {
    const property = fc.asyncProperty(clientProgram, async (program) => {
      const { transport, backpressure } = program
      const expected = await runClient(origins[transport], program)
      const actual = await installed({ backpressure }, () => runClient(origins[transport], program))
      programs++
      const difference = firstDifference(comparable(actual, program), comparable(expected, program))
      if (difference) throw new Error(difference)
      checkDrains(actual.exchanges)
    })
    if (await check(t, property, PROGRAMS)) t.true(programs >= (process.env.SLUICE_PATH ? 1 : PROGRAMS))
  } finally {
    for (const origin of Object.values(origins)) await origin.close()
  }
  t.log(`${programs} programs`)
})
