'use strict'

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * TAP: one line a test, and one `not ok` for whatever else went wrong in a file.
 * @param {Count} count
 * @param {string} line
 */
function countTapLine (count, line) {
  const point = /^(not )?ok\b(.*)/.exec(line)
  if (point === null || / # (?:skip|todo)\b/i.test(point[2])) return
  if (point[1] === undefined) count.passed++
  else count.failed++
}

module.exports = { countTapLine }
