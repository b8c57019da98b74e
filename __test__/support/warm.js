'use strict'

// What sluice does on a connection it learns by its first responses: two bursts of requests warm one.

const { request } = require('./requests')
const { turns } = require('./event-loop')

/** The path of these requests, and what answers them. */
const WARM = '/warm'
const BURST = 3

/**
 * @param {import('./raw-client').RawClient} client of a server that answers WARM with WARM
 * @returns {Promise<string[]>} the methods of the requests that were sent
 */
async function warmUp (client) {
  const methods = []
  for (let burst = 1; burst <= 2; burst++) {
    client.send(request('GET', WARM, { close: false }).repeat(BURST))
    methods.push(...new Array(BURST).fill('GET'))
    await client.until(({ text }) => text.split(`\r\n\r\n${WARM}`).length === methods.length + 1)
    await turns(3)
  }
  return methods
}

module.exports = { WARM, warmUp }
