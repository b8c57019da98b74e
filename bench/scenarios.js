'use strict'

// The scenarios, and what is to be reached in each: a ratio to stock Node in the same run.

/**
 * @typedef {object} Scenario
 * @property {string} name for `--only`
 * @property {string} title
 * @property {string} app of apps.js
 * @property {'wrk' | 'closed' | 'events' | 'stall' | 'startup'} load
 * @property {number} [connections]
 * @property {number} [depth] requests under way on each connection
 * @property {number} [close] requests of a connection, the last of which ends it
 * @property {boolean} [tls]
 * @property {string} unit what is counted
 * @property {boolean} [lower] whether less is better
 * @property {string[]} [without] subjects that have no such scenario
 * @property {Record<string, number>} floor by what it is compared with: `stock`, `bun`, or
 *   `absolute`; at least, or at most where less is better
 */

const perSecond = 'responses/s'

/** @type {Scenario[]} */
const scenarios = [
  { name: 'hello', title: 'hello world: `writeHead`, `end(\'Hello, World!\')`', app: 'hello', load: 'wrk', unit: perSecond, floor: { stock: 1.3, bun: 1 } },
  { name: 'json', title: '8 × `setHeader`, `end` of 1 KiB of JSON', app: 'json', load: 'wrk', unit: perSecond, floor: { stock: 1.25 } },
  { name: 'buffers', title: '100 × `write(Buffer of 100)`', app: 'buffers', load: 'wrk', unit: perSecond, floor: { stock: 6, bun: 2 } },
  { name: 'await', title: '100 × (`write(Buffer of 100)`, `await null`)', app: 'await', load: 'wrk', unit: perSecond, floor: { stock: 4 } },
  { name: 'pipe', title: '`Readable.from(100 Buffers).pipe(res)`', app: 'pipe', load: 'wrk', unit: perSecond, floor: { stock: 2 } },
  { name: 'strings', title: '10 × `write(string of 100)`, chunked', app: 'strings', load: 'wrk', unit: perSecond, floor: { stock: 1.6 } },
  { name: 'strings-length', title: '10 × `write(string of 100)`, Content-Length', app: 'strings-length', load: 'wrk', unit: perSecond, floor: { stock: 1.25 } },
  { name: 'utf8', title: '10 × `write` of 1 KiB of UTF-8, not all ASCII', app: 'utf8', load: 'wrk', unit: perSecond, floor: { stock: 2, bun: 1 } },
  { name: 'events', title: 'one small `write` per turn of the event loop: CPU', app: 'events', load: 'events', unit: 'µs/write', lower: true, floor: { stock: 0.62 } },
  { name: 'chunks-16k', title: '10 × `write(Buffer of 16 KiB)`', app: 'chunks-16k', load: 'closed', connections: 50, unit: perSecond, floor: { stock: 1.15 } },
  { name: 'end-1m', title: '`end(Buffer of 1 MiB)`', app: 'end-1m', load: 'closed', connections: 10, unit: perSecond, floor: { stock: 1 } },
  { name: 'drain-64m', title: '64 MiB in writes of 64 KiB that honour `drain`', app: 'drain-64m', load: 'closed', connections: 4, unit: perSecond, floor: { stock: 1.15 } },
  { name: 'file', title: '`fs.createReadStream(50 MiB).pipe(res)`', app: 'file', load: 'closed', connections: 4, unit: perSecond, floor: { stock: 1.1 } },
  { name: 'express', title: 'Express 5, `res.json`', app: 'express', load: 'wrk', unit: perSecond, without: ['sluice'], floor: { stock: 1.1 } },
  { name: 'middleware', title: 'Express 5 with twelve middlewares, ten of which set a field', app: 'middleware', load: 'wrk', unit: perSecond, without: ['sluice'], floor: { stock: 1.1 } },
  { name: 'pipelined', title: 'hello world, pipelined × 16', app: 'hello', load: 'closed', connections: 50, depth: 16, unit: perSecond, without: ['least'], floor: { stock: 1.4 } },
  { name: 'tls', title: 'TLS: 100 × `write(Buffer of 100)`', app: 'buffers', load: 'wrk', tls: true, unit: perSecond, without: ['limit'], floor: { stock: 2 } },
  { name: 'stalled-memory', title: 'stalled clients of one shared Buffer of 1 MiB: RSS', app: 'end-1m', load: 'stall', unit: 'MiB', lower: true, floor: { stock: 1 } },
  { name: 'stalled-cpu', title: 'the same: CPU to resume and finish them all', app: 'end-1m', load: 'stall', unit: 's', lower: true, floor: { stock: 1 } },
  { name: 'connections', title: 'hello world, a connection for each request', app: 'hello', load: 'closed', connections: 50, close: 1, unit: perSecond, without: ['least'], floor: { stock: 1 } },
  { name: 'visits', title: 'hello world, a connection for two requests', app: 'hello', load: 'closed', connections: 50, close: 2, unit: perSecond, without: ['least'], floor: { stock: 1 } },
  { name: 'startup', title: 'time to load `sluice`', app: 'hello', load: 'startup', unit: 'ms', lower: true, without: ['stock', 'register', 'bun', 'deno', 'least', 'limit'], floor: { absolute: 15 } }
]

module.exports = { scenarios }
