'use strict'

// `/firehose` streams as fast as the client reads; `/firehose/watch` shows what
// became of each of its writes, while it runs.

const { EventEmitter } = require('node:events')
const { pour } = require('./bodies')
const { readNumbers, rejectUnknown } = require('./query')

/** @typedef {import('./handler').Exchange} Exchange */
/** @typedef {import('./tally').WriteRecord & { client: number }} Seen */

/** Emits `write` with a {@link Seen}, `drain` with a client and `open`/`close` with one. */
const writes = new EventEmitter().setMaxListeners(0)

const kibibyte = 1024
const watchMilliseconds = 100
/** The most writes that one report lists; the others are only counted. */
const listed = 60

let clients = 0

/** @param {Exchange} exchange */
function stream ({ req, res, query, tally, stopping }) {
  const { kib, mib } = readNumbers(query, {
    kib: { default: 64, min: 1, max: 4096 },
    mib: { default: 65_536, min: 1, max: 1_048_576 }
  })
  res.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' })
  if (req.method === 'HEAD') return res.end()
  const client = ++clients
  const chunk = Buffer.alloc(kib * kibibyte, `${client} `)
  tally.onWrite = (record) => writes.emit('write', { client, ...record })
  res.on('drain', () => writes.emit('drain', client))
  res.once('close', () => writes.emit('close', client))
  writes.emit('open', client)
  let left = Math.ceil(mib * kibibyte / kib)
  pour(res, () => left-- > 0 && !stopping.aborted ? chunk : null)
}

/** Gathers what happens between two reports, in bounded memory. */
class Report {
  /** @type {(Seen | { client: number, event: string })[]} */
  entries = []
  skipped = 0
  /** Of those skipped. */
  skippedAccepted = 0

  add (entry) {
    this.entries.push(entry)
    if (this.entries.length <= listed) return
    // The oldest go: what is on show is what happened last.
    const dropped = this.entries.shift()
    if (!('write' in dropped)) return
    this.skipped++
    if (dropped.accepted) this.skippedAccepted++
  }

  get isEmpty () {
    return this.entries.length === 0
  }
}

/** @param {Report} report */
function asText ({ entries, skipped, skippedAccepted }) {
  const lines = entries.map((entry) => {
    if ('event' in entry) return `client ${entry.client}  ${entry.event}`
    const fate = entry.accepted ? 'true   accepted by the kernel' : 'false  queued'
    return `client ${entry.client}  write ${String(entry.write).padStart(7)}  ${String(entry.bytes).padStart(7)} bytes  ` +
      `${fate.padEnd(30)}  user memory ${String(entry.waiting).padStart(8)}  drains ${entry.drains}`
  })
  if (skipped > 0) {
    lines.unshift(`… ${skipped} more writes: ${skippedAccepted} true, ${skipped - skippedAccepted} false`)
  }
  return lines.join('\n') + '\n'
}

/** @param {Report} report */
function asEvent ({ entries, skipped, skippedAccepted }) {
  return `data: ${JSON.stringify({ entries, skipped, skippedAccepted })}\n\n`
}

/** @param {Exchange} exchange */
function watch ({ req, res, query, stopping }) {
  rejectUnknown(query, [])
  const wantsEvents = req.headers.accept?.includes('text/event-stream') ?? false
  const render = wantsEvents ? asEvent : asText
  res.writeHead(200, {
    'Content-Type': wantsEvents ? 'text/event-stream' : 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff'
  })
  if (req.method === 'HEAD') return res.end()
  res.write(wantsEvents
    ? ': watching\n\n'
    : `watching; now, elsewhere: curl --limit-rate 2M -o /dev/null http://${req.headers.host ?? '127.0.0.1:8080'}/firehose\n`)
  let report = new Report()
  const listeners = {
    open: (client) => report.add({ client, event: 'connected' }),
    write: (record) => report.add(record),
    drain: (client) => report.add({ client, event: 'drain' }),
    close: (client) => report.add({ client, event: 'gone' })
  }
  const timer = setInterval(() => {
    // A watcher that does not read gets its next report when it does.
    if (report.isEmpty || res.writableNeedDrain) return
    res.write(render(report))
    report = new Report()
  }, watchMilliseconds)
  const stop = () => res.end()
  for (const [name, listener] of Object.entries(listeners)) writes.on(name, listener)
  stopping.addEventListener('abort', stop)
  res.once('close', () => {
    clearInterval(timer)
    for (const [name, listener] of Object.entries(listeners)) writes.off(name, listener)
    stopping.removeEventListener('abort', stop)
  })
}

module.exports = { stream, watch }
