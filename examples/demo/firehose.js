'use strict'

// `/firehose` streams as fast as the client reads; `/firehose/watch` shows what
// became of each of its writes, while it runs.

const { EventEmitter } = require('node:events')
const { pour } = require('./bodies')
const { readNumbers, rejectUnknown } = require('./query')
const { plural } = require('./tally')

/** @typedef {import('./handler').Exchange} Exchange */
/**
 * A write, or another event of a client.
 * @typedef {{ client: number } & (import('./tally').WriteRecord | { event: 'connected' | 'drain' | 'gone' })} Entry
 */

/** Emits `entry` with an {@link Entry}. */
const seen = new EventEmitter().setMaxListeners(0)

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
  tally.onRecord = (record) => seen.emit('entry', { client, ...record })
  res.once('close', () => seen.emit('entry', { client, event: 'gone' }))
  seen.emit('entry', { client, event: 'connected' })
  let left = Math.ceil(mib * kibibyte / kib)
  pour(res, () => left-- > 0 && !stopping.aborted ? chunk : null)
}

/** Gathers what happens between two reports, in bounded memory. */
class Report {
  /** @type {Entry[]} */
  entries = []
  /** What had to go to make room. */
  skipped = { accepted: 0, queued: 0, drains: 0 }

  /** @param {Entry} entry */
  add (entry) {
    this.entries.push(entry)
    if (this.entries.length <= listed) return
    // The oldest goes, a write that was accepted before what is rarer.
    const accepted = this.entries.findIndex((entry) => entry.accepted === true)
    const [left] = this.entries.splice(Math.max(0, accepted), 1)
    if ('event' in left) this.skipped.drains += left.event === 'drain' ? 1 : 0
    else if (left.accepted) this.skipped.accepted++
    else this.skipped.queued++
  }

  get isEmpty () {
    return this.entries.length === 0
  }
}

/** @param {Report} report */
function asText ({ entries, skipped }) {
  const lines = entries.map((entry) => {
    if ('event' in entry) return `client ${entry.client}  ${entry.event}`
    const fate = entry.accepted ? 'true   accepted by the kernel' : 'false  queued'
    return `client ${entry.client}  write ${String(entry.write).padStart(6)}  ${String(entry.bytes).padStart(6)} bytes  ` +
      `${fate.padEnd(29)}  ${String(entry.waiting).padStart(6)} bytes in user memory  ${plural(entry.drains, 'drain')}`
  })
  const writes = skipped.accepted + skipped.queued
  if (writes > 0) {
    const rarer = skipped.queued > 0 ? `, ${skipped.queued} false, ${plural(skipped.drains, 'drain')}` : ''
    lines.unshift(`… and ${plural(writes, 'write')} more: ${skipped.accepted} true${rarer}`)
  }
  return lines.join('\n') + '\n'
}

/** @param {Report} report */
function asEvent ({ entries, skipped }) {
  return `data: ${JSON.stringify({ entries, skipped })}\n\n`
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
  const add = (entry) => report.add(entry)
  const timer = setInterval(() => {
    // A watcher that does not read gets its next report when it does.
    if (report.isEmpty || res.writableNeedDrain) return
    res.write(render(report))
    report = new Report()
  }, watchMilliseconds)
  const stop = () => res.end()
  seen.on('entry', add)
  stopping.addEventListener('abort', stop)
  res.once('close', () => {
    clearInterval(timer)
    seen.off('entry', add)
    stopping.removeEventListener('abort', stop)
  })
}

module.exports = { stream, watch }
