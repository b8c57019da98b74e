'use strict'

// Pictures: bars of ratios to stock Node, and curves. Plain SVG, legible on light and dark pages.

const COLOURS = { stock: '#8a8f98', sluice: '#d9480f', register: '#f08c00', self: '#d9480f', bun: '#7048e8', deno: '#1c7ed6', limit: '#2b8a3e' }
const FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="#6b7280"'

const escape = (text) => String(text).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]).replaceAll('`', '')
const svg = (width, height, parts) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">\n${parts.join('\n')}\n</svg>\n`

function legend (subjects, y) {
  return subjects.map(({ name, title }, index) => `<rect x="${8 + index * 130}" y="${y - 9}" width="10" height="10" fill="${COLOURS[name]}"/><text x="${22 + index * 130}" y="${y}" ${FONT}>${escape(title)}</text>`)
}

/**
 * Bars, one group a row, on a logarithmic axis around 1.
 * @param {{ title: string, bars: { name: string, ratio: number }[], floor?: number }[]} rows
 * @param {{ name: string, title: string }[]} subjects
 */
function bars (rows, subjects) {
  const left = 330
  const right = 560
  const ratios = rows.flatMap((row) => row.bars.map((bar) => bar.ratio))
  const least = Math.min(0.5, ...ratios)
  const most = Math.max(2, ...ratios)
  const x = (ratio) => left + Math.log(ratio / least) / Math.log(most / least) * right
  const parts = legend(subjects, 18)
  let y = 40
  for (const row of rows) {
    parts.push(`<text x="${left - 8}" y="${y + row.bars.length * 6 + 3}" text-anchor="end" ${FONT}>${escape(row.title)}</text>`)
    for (const { name, ratio } of row.bars) {
      const from = Math.min(x(1), x(ratio))
      parts.push(`<rect x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, Math.abs(x(ratio) - x(1))).toFixed(1)}" height="10" fill="${COLOURS[name]}"/>`)
      parts.push(`<text x="${(Math.max(x(1), x(ratio)) + 4).toFixed(1)}" y="${y + 9}" ${FONT}>${ratio.toFixed(2)}</text>`)
      y += 12
    }
    if (row.floor) parts.push(`<line x1="${x(row.floor).toFixed(1)}" x2="${x(row.floor).toFixed(1)}" y1="${y - row.bars.length * 12 - 2}" y2="${y}" stroke="#c92a2a" stroke-width="2"/>`)
    y += 10
  }
  parts.push(`<line x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="30" y2="${y}" stroke="#6b7280" stroke-dasharray="3 3"/>`)
  return svg(left + right + 60, y + 10, parts)
}

/**
 * Curves of ratios to stock, one panel each.
 * @param {{ title: string, labels: string[], lines: { name: string, ratios: (number | undefined)[] }[] }[]} panels
 * @param {{ name: string, title: string }[]} subjects
 * @param {number} [marked] points below are marked
 */
function curves (panels, subjects, marked = 0) {
  const width = 430
  const height = 200
  const parts = legend(subjects, 18)
  panels.forEach(({ title, labels, lines }, index) => {
    const left = 50 + (index % 2) * (width + 30)
    const top = 60 + Math.floor(index / 2) * (height + 70)
    const found = lines.flatMap((line) => line.ratios.filter((ratio) => ratio > 0))
    const least = Math.min(0.8, ...found)
    const most = Math.max(1.5, ...found)
    const y = (ratio) => top + height - Math.log(ratio / least) / Math.log(most / least) * height
    const x = (at) => left + at / Math.max(1, labels.length - 1) * (width - 40)
    parts.push(`<text x="${left}" y="${top - 10}" ${FONT}>${escape(title)}</text>`)
    for (const ratio of [least, 1, most]) {
      parts.push(`<line x1="${left}" x2="${left + width - 40}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="#6b7280" stroke-opacity="0.5" ${ratio === 1 ? 'stroke-dasharray="3 3"' : ''}/>`)
      parts.push(`<text x="${left - 4}" y="${y(ratio) + 4}" text-anchor="end" ${FONT}>${ratio.toFixed(2)}</text>`)
    }
    labels.forEach((label, at) => parts.push(`<text x="${x(at)}" y="${top + height + 18}" text-anchor="middle" ${FONT}>${escape(label)}</text>`))
    for (const { name, ratios } of lines) {
      const points = ratios.map((ratio, at) => ratio > 0 ? `${x(at).toFixed(1)},${y(ratio).toFixed(1)}` : '').filter(Boolean)
      parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[name]}" stroke-width="2"/>`)
      ratios.forEach((ratio, at) => {
        if (ratio < marked) parts.push(`<circle cx="${x(at).toFixed(1)}" cy="${y(ratio).toFixed(1)}" r="4" fill="#c92a2a"/>`)
      })
    }
  })
  return svg(2 * width + 90, 60 + Math.ceil(panels.length / 2) * (height + 70), parts)
}

module.exports = { bars, curves }
