'use strict'

// Figures as tables: for the terminal and for docs/benchmarks.md.

const os = require('node:os')
const fs = require('node:fs')
const path = require('node:path')
const { summary, ratios, ratioText, short } = require('./statistics')
const { versions } = require('./subjects')
const { bars } = require('./svg')

const docs = path.join(__dirname, '..', 'docs')

/** Whether each floor of a scenario is reached by the named subject. */
function floors (scenario, figures, name) {
  return Object.entries(scenario.floor).map(([base, floor]) => {
    const own = figures[name]
    const other = base === 'absolute' ? undefined : figures[base]
    if (own === undefined || (base !== 'absolute' && other === undefined)) return undefined
    const value = base === 'absolute' ? summary(own).median : ratios(own, other).median
    return { base, floor, value, reached: scenario.lower ? value <= floor : value >= floor }
  }).filter(Boolean)
}

function floorText (scenario, figures) {
  const bound = scenario.lower ? '≤' : '≥'
  const names = { stock: '×', bun: '× Bun', absolute: scenario.unit }
  const texts = Object.entries(scenario.floor).map(([base, floor]) => `${bound} ${floor} ${names[base]}`)
  const ours = scenario.without?.includes('sluice') ? 'register' : 'sluice'
  const results = floors(scenario, figures, ours)
  if (results.length === 0) return texts.join(', ')
  const missed = results.filter((result) => !result.reached)
  if (floors({ ...scenario, floor: { stock: scenario.floor.stock } }, figures, 'least').some(({ reached }) => !reached)) texts[0] += ' (beyond the least write side)'
  return `${texts.join(', ')}: ${missed.length === 0 ? 'reached' : `**not reached** (${missed.map(({ value, base }) => `${value.toFixed(2)} ${names[base]}`).join(', ')})`}`
}

function cell (figures, name) {
  const own = figures[name]
  if (own === undefined) return '–'
  const { median } = summary(own)
  if (name === 'stock' || figures.stock === undefined) {
    const { least, most } = summary(own)
    return `${short(median)} (±${Math.round((most - least) / 2 / median * 100)} %)`
  }
  return ratioText(ratios(own, figures.stock))
}

/**
 * The main table, in Markdown.
 * @param {import('./scenarios').Scenario[]} scenarios
 * @param {{ name: string, title: string }[]} subjects
 * @param {Record<string, Record<string, number[]>>} figures
 */
function table (scenarios, subjects, figures) {
  return [tableHead(subjects), ...scenarios.map((scenario) => tableRow(scenario, subjects, figures[scenario.name]))].join('\n')
}

function tableHead (subjects) {
  return `| scenario | unit | ${subjects.map(({ title }) => title).join(' | ')} | floor |
| --- | --- | ${subjects.map(() => '---').join(' | ')} | --- |`
}

function tableRow (scenario, subjects, found) {
  const unit = scenario.unit + (scenario.lower ? ', less is better' : '')
  return `| ${scenario.title} | ${unit} | ${subjects.map(({ name }) => cell(found, name)).join(' | ')} | ${floorText(scenario, found)} |`
}

/**
 * CPU of the server for each response, in Markdown.
 * @param {Record<string, Record<string, number[]>>} cpu
 */
function cpuTable (scenarios, subjects, cpu) {
  const lines = [
    `| CPU for each response, less is better | ${subjects.map(({ name, title }) => name === 'stock' ? `${title}, µs` : title).join(' | ')} |`,
    `| --- | ${subjects.map(() => '---').join(' | ')} |`
  ]
  for (const { name, title } of scenarios) {
    if (cpu[name].stock) lines.push(`| ${title} | ${subjects.map((subject) => cell(cpu[name], subject.name)).join(' | ')} |`)
  }
  return lines.join('\n')
}

/** The machine and the versions, in Markdown. */
function environment () {
  const cpu = os.cpus()[0].model.trim()
  return [`- ${cpu}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}`,
    `- ${Object.entries(versions()).map(([name, version]) => `${name} ${version}`).join(', ')}`].join('\n')
}

/** What a page of figures ends with. @param {string[]} failures */
function failuresText (failures) {
  return failures.length > 0 ? `\nWithout a figure:\n\n${failures.map((failure) => `- ${failure}`).join('\n')}\n` : ''
}

function picture (scenarios, subjects, figures) {
  const shown = subjects.filter(({ name }) => name !== 'stock')
  const rows = scenarios.filter(({ name }) => figures[name].stock).map((scenario) => {
    const turn = (ratio) => scenario.lower ? 1 / ratio : ratio
    return {
      title: scenario.title,
      floor: turn(scenario.floor.stock),
      bars: shown.filter(({ name }) => figures[scenario.name][name])
        .map(({ name }) => ({ name, ratio: turn(ratios(figures[scenario.name][name], figures[scenario.name].stock).median) }))
    }
  }).filter((row) => row.bars.length > 0)
  return rows.length === 0 ? '' : bars(rows, shown)
}

/** It counts whole seconds, and our own client any (`wrk`, bench/load.js). */
const ofWrk = (seconds) => seconds >= 1 ? 'the plain scenarios and TLS' : 'TLS, for whole seconds,'

/** Writes docs/benchmarks.md and its picture. */
function writeReport (scenarios, subjects, { figures, cpu, failures, rounds }, { clients, seconds, command }) {
  const drawn = picture(scenarios, subjects.filter(({ name }) => name !== 'limit' && name !== 'least'), figures)
  fs.writeFileSync(path.join(docs, 'benchmarks.svg'), drawn)
  fs.writeFileSync(path.join(docs, 'benchmarks.md'), `# Benchmarks

Written by \`${command}\`; every figure below comes from one run of it.

${environment()}

![Speed relative to stock Node](benchmarks.svg)

${table(scenarios, subjects, figures)}

${cpuTable(scenarios, subjects, cpu)}

How to read it: stock Node's column is a figure (median, and half its range); the others are ratios
to stock Node, round by round: the median and the range of ${rounds} rounds. Where less is better, so
is a smaller ratio. In the picture longer is always better; a red line is the floor that sluice must
reach, and the dashed line is stock Node.

How it is measured: each server is a process of its own on core 0, warmed before its first figure, and
the load runs on core 1. The subjects take short turns, in every other round the other way round; memory and
start-up have a fresh process each time, and fewer rounds. CPU is what the server's threads used while the
load ran: what else the machine does disturbs it less than it does throughput. A response's status, length and
SHA-256 are asserted before a figure counts${failures.length > 0 ? '; a subject that failed has none' : ''}. In windows of ${seconds} s
\`wrk\` loads ${ofWrk(seconds)} with 50 connections; all others, and stalled clients
(${clients}), have a client in C (\`bench/native\`) that drops large bodies inside the kernel. The limit is an epoll server in C that sends a response made
beforehand: where a subject comes near it, the kernel is what is measured. The least write side is Node's
own server whose \`end\` and \`write\` do nothing but send such bytes (\`bench/least.js\`): what is left is Node's
reading, parsing, messages and events, and no write side under them can be faster.
${failuresText(failures)}`)
}

module.exports = { tableHead, tableRow, cpuTable, environment, failuresText, writeReport, docs }
