'use strict'

// The live chart: watches /firehose/watch, and reads /firehose at the speed
// that the slider says.

const shownBars = 180
const shownRows = 12
const chart = { height: 200, top: 16, gutter: 60 }

const byId = (id) => document.getElementById(id)

/** @param {number} bytes */
function formatBytes (bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let power = 0
  while (bytes >= 1024 && power < units.length - 1) {
    bytes /= 1024
    power++
  }
  return `${bytes >= 100 || Number.isInteger(bytes) ? Math.round(bytes) : bytes.toFixed(1)} ${units[power]}`
}

function svgElement (name, attributes, text) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  if (text !== undefined) element.textContent = text
  return element
}

/** What is on show: the last writes and drains, and the sums. */
const shown = { entries: [], writes: 0, accepted: 0, queued: 0, drains: 0 }
/** Bytes in user memory by client. */
const waiting = new Map()

function take ({ entries, skipped }) {
  shown.writes += skipped.accepted + skipped.queued
  shown.accepted += skipped.accepted
  shown.queued += skipped.queued
  shown.drains += skipped.drains
  for (const entry of entries) {
    if (entry.event === 'drain') shown.drains++
    if (entry.event !== undefined) {
      if (entry.event !== 'connected') waiting.delete(entry.client)
      continue
    }
    shown.writes++
    if (entry.accepted) shown.accepted++
    else shown.queued++
    waiting.set(entry.client, entry.waiting)
  }
  shown.entries = shown.entries.concat(entries).slice(-shownBars)
}

function drawChart () {
  const peak = Math.max(64 * 1024, ...shown.entries.map((entry) => entry.waiting ?? 0))
  const { height, top, gutter } = chart
  const width = byId('chart').clientWidth
  byId('chart').setAttribute('viewBox', `0 0 ${width} ${height}`)
  const step = (width - gutter) / shownBars
  const scale = (height - top) / peak
  const marks = []
  for (const share of [0.5, 1]) {
    const y = height - share * peak * scale
    marks.push(svgElement('line', { class: 'grid', x1: gutter, x2: width, y1: y, y2: y }))
    marks.push(svgElement('text', { x: gutter - 8, y: y + 4, 'text-anchor': 'end' }, formatBytes(share * peak)))
  }
  shown.entries.forEach((entry, index) => {
    const x = gutter + index * step
    if (entry.event === 'drain') {
      marks.push(svgElement('line', { class: 'drain', x1: x + step / 2, x2: x + step / 2, y1: top, y2: height }))
    } else if (entry.event === undefined) {
      const bar = Math.max(4, entry.waiting * scale)
      marks.push(svgElement('rect', {
        class: entry.accepted ? 'accepted' : 'queued', x, y: height - bar, width: step * 0.8, height: bar
      }))
    }
  })
  byId('chart').replaceChildren(...marks)
}

function cell (text, className) {
  const element = document.createElement('td')
  element.textContent = text
  if (className !== undefined) element.className = className
  return element
}

function row (entry) {
  const element = document.createElement('tr')
  if (entry.event !== undefined) {
    const event = cell(entry.event, 'event')
    event.colSpan = 5
    element.append(cell(entry.client), event)
    return element
  }
  element.append(
    cell(entry.client),
    cell(entry.write.toLocaleString('en'), 'number'),
    cell(entry.bytes.toLocaleString('en'), 'number'),
    entry.accepted ? cell('true, accepted', 'accepted') : cell('false, queued', 'queued'),
    cell(entry.waiting.toLocaleString('en'), 'number'),
    cell(entry.drains.toLocaleString('en'), 'number')
  )
  return element
}

function draw () {
  drawChart()
  for (const name of ['writes', 'accepted', 'queued', 'drains']) {
    byId(name).textContent = shown[name].toLocaleString('en')
  }
  byId('waiting').textContent = formatBytes([...waiting.values()].reduce((sum, bytes) => sum + bytes, 0))
  if (shown.entries.length > 0) {
    byId('rows').replaceChildren(...shown.entries.slice(-shownRows).reverse().map(row))
  }
}

// The reader of this page: it stops between two reads, so that the browser's
// buffers fill, then the kernel's, then the server's.

/** @type {AbortController | undefined} */
let reading

/** Bytes a second. */
const rate = () => 1024 * 2 ** Number(byId('rate').value)

async function readSlowly (signal) {
  const response = await fetch('/firehose', { signal })
  const reader = response.body.getReader()
  let total = 0
  for (;;) {
    const started = performance.now()
    const { done, value } = await reader.read()
    if (done) return
    total += value.length
    byId('read').textContent = formatBytes(total)
    const pause = 1000 * value.length / rate() - (performance.now() - started)
    if (pause > 1) await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

byId('reader').addEventListener('submit', async (event) => {
  event.preventDefault()
  const button = event.target.querySelector('button')
  if (reading !== undefined) return reading.abort()
  reading = new AbortController()
  button.textContent = 'Stop reading'
  try {
    await readSlowly(reading.signal)
  } catch {
    // Stopped by the button, or by the server's end.
  }
  reading = undefined
  button.textContent = 'Start reading'
})

const showRate = () => { byId('rate-text').textContent = `${formatBytes(rate())}/s` }
byId('rate').addEventListener('input', showRate)
showRate()

byId('try-head').addEventListener('click', async () => {
  const response = await fetch('/head', { method: 'HEAD' })
  const body = await response.arrayBuffer()
  byId('head-result').textContent = `${response.status}, ${body.byteLength} bytes of body`
})

for (const element of document.querySelectorAll('.origin')) element.textContent = location.origin

new EventSource('/firehose/watch').onmessage = ({ data }) => {
  take(JSON.parse(data))
  draw()
}
new EventSource('/events').onmessage = ({ data }) => {
  byId('last-event').textContent = new Date(data).toLocaleTimeString('en-GB')
}
window.addEventListener('resize', drawChart)
draw()
