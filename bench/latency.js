'use strict'

// npm run bench -- --latency: how long a response takes at a rate that every server can keep.

const fs = require('node:fs')
const path = require('node:path')
const { startServer } = require('./subjects')
const { output } = require('./load')
const { program } = require('./prepare')
const { check } = require('./check')
const { findApp } = require('./apps')
const { progress } = require('./progress')
const { median, summary, ratios, ratioText, short } = require('./statistics')
const { environment, failuresText, docs } = require('./report')

/** Of what stock Node does at the most. */
const SHARE = 0.5
const PERCENTILES = [['p50', 'p50'], ['p99', 'p99'], ['p999', 'p99.9']]

const scenarios = [
  { name: 'hello', title: 'hello world', app: 'hello', connections: 50, events: false, unit: 'responses/s' },
  { name: 'events', title: 'server-sent events: one small `write` for each', app: 'echo-events', connections: 50, events: true, unit: 'events/s' }
]

async function run (subject, scenario, rate, { warm, seconds }) {
  const server = await startServer(subject, scenario)
  try {
    const body = findApp(scenario.app).body()
    // The events' server answers a request without a body with none.
    await check(server.port, scenario, scenario.events ? Buffer.alloc(0) : body)
    const milliseconds = (time) => String(Math.round(time * 1000))
    const result = JSON.parse(await output([program('latency'), String(server.port), String(body.length), String(scenario.connections),
      String(rate), milliseconds(warm), milliseconds(seconds), scenario.events ? '1' : '0']))
    if (result.wrong > 0) throw new Error(`${result.wrong} wrong responses`)
    return result
  } finally {
    await server.stop()
  }
}

/** Of three: one may fall into a second in which the machine is somebody else's. */
const PROBES = 3

/** Half of what stock Node does when it is asked for more than it can. */
async function rateFor (stock, scenario, times) {
  const most = []
  for (let n = 0; n < PROBES; n++) most.push((await run(stock, scenario, 1e6, { ...times, seconds: 1 })).rate)
  return Math.max(100, Math.round(median(most) * SHARE / 100) * 100)
}

function cell (found, key, stock) {
  if (found === undefined) return '–'
  const own = found.map((one) => one[key])
  const figure = `${short(summary(own).median)} µs`
  if (stock === found || stock === undefined) return figure
  return `${figure}, ${ratioText(ratios(own, stock.map((one) => one[key])))}`
}

function table (scenario, rate, subjects, found) {
  return [`| ${scenario.title}, ${rate.toLocaleString('en-US')} ${scenario.unit} | ${subjects.map(({ title }) => title).join(' | ')} |`,
    `| --- | ${subjects.map(() => '---').join(' | ')} |`,
    ...PERCENTILES.map(([key, title]) => `| ${title} | ${subjects.map(({ name }) => cell(found[name], key, found.stock)).join(' | ')} |`)].join('\n')
}

/**
 * @param {{ name: string, title: string }[]} subjects stock Node first
 * @param {{ rounds: number, warm: number, seconds: number }} options
 * @param {boolean} writes whether docs/latency.md is written
 * @returns {Promise<string[]>} what failed
 */
async function latency (subjects, { rounds, ...times }, writes) {
  const bar = progress(scenarios.length * subjects.length * rounds)
  const tables = []
  const failures = new Map()
  for (const scenario of scenarios) {
    const rate = await rateFor(subjects[0], scenario, times)
    const found = {}
    for (let round = 0; round < rounds; round++) {
      for (const subject of round % 2 === 0 ? subjects : [...subjects].reverse()) {
        const key = `${scenario.name}, ${subject.title}`
        bar.step(key)
        if (failures.has(key)) continue
        try {
          (found[subject.name] ??= []).push(await run(subject, scenario, rate, times))
        } catch (error) {
          failures.set(key, `${key}: ${error.message}`)
          delete found[subject.name]
        }
      }
    }
    tables.push(table(scenario, rate, subjects, found))
  }
  bar.end()
  console.log(tables.join('\n\n'))
  const failed = [...failures.values()]
  if (!writes) return failed
  fs.writeFileSync(path.join(docs, 'latency.md'), `# Latency

Written by \`npm run bench -- --latency\`; every figure below comes from one run of it.

${environment()}

${tables.join('\n\n')}

Less is better. The rate is half of what stock Node does at the most, and is kept whether or not the
server keeps up: a latency counts from the moment at which the request was due, so that a pause is
charged for all that it kept waiting. Medians of ${rounds} rounds of ${times.seconds} s on 50 connections, after ${times.warm} s to
warm; ratios to stock Node round by round, with their range.
${failuresText(failed)}`)
  return failed
}

module.exports = { latency }
