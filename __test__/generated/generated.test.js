'use strict'

// Random programs, run on stock `node:http` and on sluice. A failure prints the
// shrunken batch and the seed; to repeat it:
//   SLUICE_SEED=… SLUICE_PATH=… npx ava __test__/generated/generated.test.js

const test = require('ava')
const fc = require('fast-check')
const host = require('../support/host')
const { stock, subject } = require('../support/subject')
const { isOfUnsent, wireText, wireMeaning, abbreviate, withoutHeadSent, mapValues } = require('../support/normalise')
const { batch } = require('./programs')
const { ProgramServer } = require('./interpreter')
const { check } = require('./check')
const { sequences, checkDrains, firstDifference } = require('./difference')

const PROGRAMS = Number(process.env.SLUICE_PROGRAMS ?? 6000)
const BATCH = 12

/** What of a run must be the same. */
function comparable ({ connections, exchanges }, { backpressure, arrival }) {
  const truth = backpressure === 'kernel'
  // Who has the socket at which moment is a matter of timing in a pipeline.
  const timed = arrival === 'pipelined'
  const isForgotten = (entry) => truth && isOfUnsent(entry)
  return {
    wire: connections.map(({ bytes, methods }) => host.joinsCorkedChunks && truth
      ? wireMeaning(bytes, methods)
      : abbreviate(wireText(bytes))),
    exchanges: exchanges.map((exchange) => exchange && {
      ...sequences(exchange.log.filter((entry) => !(entry.name === 'drain' && (truth || timed)) &&
        !(entry.name === 'socket' && timed) && !isForgotten(entry))),
      returns: exchange.returns.map((entry) =>
        (truth || timed) && /write$/.test(entry.call) && typeof entry.result === 'boolean'
          ? { call: entry.call }
          : entry),
      snapshots: mapValues(timed ? { end: exchange.snapshots['at the end'] } : exchange.snapshots,
        truth && host.joinsTick ? withoutHeadSent : (snapshot) => snapshot)
    })
  }
}

const run = host.stalls ? test.serial.skip : test.serial

run(`${PROGRAMS} random programs`, async (t) => {
  t.timeout(300_000)
  const servers = {}
  for (const transport of ['tcp', 'tls']) {
    servers[transport] = {
      stock: await ProgramServer.start(stock, 'high-water-mark', transport),
      kernel: await ProgramServer.start(subject, 'kernel', transport),
      'high-water-mark': await ProgramServer.start(subject, 'high-water-mark', transport)
    }
  }
  let programs = 0
  try {
    const property = fc.asyncProperty(batch(BATCH), async (batch) => {
      const { stock, ...ours } = servers[batch.transport]
      const expected = await stock.run(batch)
      const actual = await ours[batch.backpressure].run(batch)
      programs += batch.programs.length
      const difference = firstDifference(comparable(actual, batch), comparable(expected, batch))
      if (difference) throw new Error(difference)
      checkDrains(actual.exchanges)
    })
    // Batches are half full on average.
    await check(t, property, Math.ceil(PROGRAMS * 2 / BATCH))
  } finally {
    for (const server of Object.values(servers).flatMap(Object.values)) await server.close()
  }
  t.true(programs >= (process.env.SLUICE_PATH ? 1 : PROGRAMS / 2))
  t.log(`${programs} programs`)
})
