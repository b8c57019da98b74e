'use strict'

// npm run bench -- --growth: how the cost of a response grows, relative to stock Node.

const fs = require('node:fs')
const path = require('node:path')
const { measure } = require('./measure')
const { ratios, ratioText, summary, short } = require('./statistics')
const { environment, failuresText, docs } = require('./report')
const { curves } = require('./svg')

/** A point below this ratio to stock Node is marked. */
const LEAST = 0.98

const point = (app, label, connections) => ({ name: `${app}, ${connections}`, label, app, load: 'closed', connections })

const panels = [
  { title: 'writes of 10 bytes in a response', points: [1, 10, 100, 1000, 10_000].map((n) => point(`/writes/${n}`, n.toLocaleString('en-US'), n < 10_000 ? 50 : 5)) },
  {
    title: 'bytes of each of 10 chunks',
    points: [[1, '1 B'], [16, '16 B'], [256, '256 B'], [4096, '4 KiB'], [65_536, '64 KiB'], [1_048_576, '1 MiB']]
      .map(([n, label]) => point(`/size/${n}`, label, n > 4096 ? 10 : 50))
  },
  { title: 'connections, hello world', points: [1, 10, 100, 1000, 10_000].map((n) => point('hello', n.toLocaleString('en-US'), n)) },
  { title: 'header fields', points: [0, 5, 10, 20, 50].map((n) => point(`/fields/${n}`, String(n), 50)) }
]

const ratioOf = (figures, { name }, subject) => figures[name][subject] && figures[name].stock
  ? ratios(figures[name][subject], figures[name].stock)
  : undefined

function cell (ratio) {
  if (ratio === undefined) return '–'
  const text = ratioText(ratio)
  return ratio.median < LEAST ? `**${text}**` : text
}

function table ({ title, points }, ours, figures) {
  return [`| ${title} | Node, responses/s | ${ours.map((subject) => subject.title).join(' | ')} |`,
    `| ---: | ---: | ${ours.map(() => '---').join(' | ')} |`,
    ...points.map((one) => `| ${one.label} | ${figures[one.name].stock ? short(summary(figures[one.name].stock).median) : '–'} | ${
      ours.map(({ name }) => cell(ratioOf(figures, one, name))).join(' | ')} |`)].join('\n')
}

function belowLeast (ours, figures) {
  return panels.flatMap(({ title, points }) => points.flatMap((one) => ours.flatMap((subject) => {
    const ratio = ratioOf(figures, one, subject.name)
    return ratio && ratio.median < LEAST ? [`${title}, ${one.label}: ${subject.title} ${ratio.median.toFixed(2)} ×`] : []
  })))
}

function picture (ours, figures) {
  return curves(panels.map(({ title, points }) => ({
    title,
    labels: points.map(({ label }) => label),
    lines: ours.map(({ name }) => ({ name, ratios: points.map((one) => ratioOf(figures, one, name)?.median) }))
  })), ours, LEAST)
}

/**
 * @param {{ name: string, title: string }[]} subjects stock Node, and what is compared with it
 * @param {object} options as `measure` takes them
 * @param {boolean} writes whether docs/growth.md and its picture are written
 * @returns {Promise<string[]>} what failed
 */
async function growth (subjects, options, writes) {
  const ours = subjects.filter(({ name }) => name !== 'stock')
  const { figures, failures, rounds } = await measure(panels.flatMap(({ points }) => points), subjects, options)
  const tables = panels.map((panel) => table(panel, ours, figures)).join('\n\n')
  const below = belowLeast(ours, figures)
  const marked = below.length === 0 ? `No point is below ${LEAST} ×.` : `Below ${LEAST} × (bold; a red point in the picture):\n\n${below.map((line) => `- ${line}`).join('\n')}`
  console.log(`${tables}\n\n${marked}`)
  if (!writes) return failures
  fs.writeFileSync(path.join(docs, 'growth.svg'), picture(ours, figures))
  fs.writeFileSync(path.join(docs, 'growth.md'), `# How cost grows

Written by \`npm run bench -- --growth\`; every figure below comes from one run of it.

${environment()}

![Throughput relative to stock Node](growth.svg)

${tables}

${marked}

Throughput relative to stock Node, round by round: the median and the range of ${rounds} rounds. 50
connections, and 10 for chunks of 64 KiB and more. Measured as [the benchmark](benchmarks.md) is.
${failuresText(failures)}`)
  return failures
}

module.exports = { growth }
