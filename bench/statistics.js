'use strict'

/** @param {number[]} numbers at least one */
function median (numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The median and the range of what was measured.
 * @param {number[]} numbers at least one
 */
function summary (numbers) {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers), rounds: numbers.length }
}

/**
 * The ratios of two subjects, round by round: what the machine did in a round it did to both.
 * @param {number[]} numbers
 * @param {number[]} base of the same rounds
 */
function ratios (numbers, base) {
  return summary(numbers.map((number, round) => number / base[round]))
}

/** Three significant digits. @param {number} number */
function short (number) {
  if (number >= 100) return Math.round(number).toLocaleString('en-US')
  return number >= 10 ? number.toFixed(1) : number.toFixed(2)
}

/** A ratio and its range. @param {ReturnType<typeof summary>} ratio */
function ratioText ({ median, least, most }) {
  return `${median.toFixed(2)} × (${least.toFixed(2)}–${most.toFixed(2)})`
}

module.exports = { median, summary, ratios, ratioText, short }
