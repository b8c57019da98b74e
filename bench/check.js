'use strict'

// What a client receives: asserted before a figure counts.

const http = require('node:http')
const https = require('node:https')
const crypto = require('node:crypto')
const { once } = require('node:events')

const hash = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex')

/**
 * @param {number} port
 * @param {{ app: string, tls?: boolean }} scenario
 * @param {Buffer} expected the body
 */
async function check (port, scenario, expected) {
  const options = { port, host: '127.0.0.1', agent: false, rejectUnauthorized: false }
  const request = (scenario.tls ? https : http).get(options)
  const [response] = await once(request, 'response')
  const parts = []
  for await (const part of response) parts.push(part)
  const body = Buffer.concat(parts)
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
  if (body.length !== expected.length) throw new Error(`${body.length} bytes instead of ${expected.length}`)
  if (hash(body) !== hash(expected)) throw new Error('the right length, and other bytes')
}

module.exports = { check }
