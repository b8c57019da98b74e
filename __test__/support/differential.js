'use strict'

// The same script, once against `node:http` and once against sluice. What both
// did must be the same: bytes, events, callbacks, results, errors, fields.

const host = require('./host')
const { observe } = require('./observe')
const { stock, subject } = require('./subject')
const { isOfUnsent, wireText, wireMeaning, abbreviate, withoutHeadSent, mapValues } = require('./normalise')

/**
 * Each line of the matrix is one comparison. Node has one way of backpressure;
 * ours is compared with it in both of its modes.
 */
const VARIANTS = [
  { transport: 'tcp', backpressure: 'high-water-mark' },
  { transport: 'tcp', backpressure: 'kernel' },
  { transport: 'tcp', backpressure: 'kernel', isBehind: true },
  { transport: 'unix', backpressure: 'kernel' },
  { transport: 'tls', backpressure: 'high-water-mark' },
  { transport: 'tls', backpressure: 'kernel' }
].filter(({ transport }) => !(host.isWindows && transport === 'unix'))

const byKernel = (entry) => /:write$/.test(entry.call)

/**
 * A transcript as it is compared. In `kernel` mode the results of `write` and
 * the `drain`s that follow them are not Node's; they have tests of their own.
 */
function comparable (transcript, { backpressure }, scenario) {
  const truth = backpressure === 'kernel'
  const wire = {
    // In its own mode the host writes: chunk boundaries, too, are its own.
    exact: () => host.joinsCorkedChunks && truth
      ? wireMeaning(transcript.bytes, transcript.methods)
      : abbreviate(wireText(transcript.bytes)),
    meaning: () => wireMeaning(transcript.bytes, transcript.methods),
    // What a torn connection still delivered is up to the kernel.
    any: () => '<not compared>'
  }[scenario.wire ?? 'exact']()
  return {
    wire,
    clientError: scenario.wire === 'any' ? undefined : transcript.clientError,
    keptOpen: transcript.keptOpen,
    serverEvents: transcript.serverEvents,
    exchanges: transcript.exchanges.map(({ log, returns, snapshots }) => ({
      log: log.filter((entry) => !(truth && (entry.name === 'drain' || isOfUnsent(entry)))),
      returns: truth
        ? returns.map((entry) => byKernel(entry) && typeof entry.result === 'boolean'
          ? { ...entry, result: '<boolean>' }
          : entry)
        : returns,
      snapshots: truth && host.joinsTick ? mapValues(snapshots, withoutHeadSent) : snapshots
    }))
  }
}

function nameOf ({ transport, backpressure, isBehind }) {
  return `${transport}, ${backpressure}${isBehind ? ', behind another response' : ''}`
}

/** Runs both sides of one variant. */
async function compare (t, scenario, variant) {
  const expected = await observe(stock, scenario, variant)
  const actual = await observe(subject, scenario, variant)
  t.deepEqual(
    comparable(actual, variant, scenario),
    comparable(expected, variant, scenario),
    nameOf(variant)
  )
  scenario.check?.(t, actual, variant)
}

/**
 * Registers a differential test.
 * @param {import('ava').TestFn} test
 */
function differentialFor (test) {
  /**
   * @param {string} title
   * @param {import('./observe').Scenario & {
   *   wire?: 'exact' | 'meaning' | 'any', variants?: typeof VARIANTS, unless?: boolean,
   *   check?: (t: object, transcript: object, variant: object) => void
   * }} scenario `unless`: the host has a bug here that is not to be copied
   */
  return function differential (title, scenario) {
    if (scenario.unless) return test.serial.skip(title, () => {})
    test.serial(title, async (t) => {
      t.timeout(30_000)
      for (const variant of scenario.variants ?? VARIANTS) {
        // A client, or a server, of the scenario's own sees a connection from its beginning.
        if (variant.isBehind && (scenario.client || scenario.setup)) continue
        await compare(t, scenario, variant)
      }
    })
  }
}

module.exports = { differentialFor, compare, comparable, nameOf, VARIANTS }
