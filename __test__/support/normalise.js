'use strict'

const { parseResponses, ParseError } = require('./response-parser')

const DATE = /^(Date: )[^\r\n]*GMT(?=\r?$)/gim

/** @param {string | null | undefined} text */
const maskDate = (text) => typeof text === 'string' ? text.replace(DATE, '$1<date>') : text

/** Wire bytes as text, one character a byte, without the time of day. */
const wireText = (bytes) => maskDate(bytes.toString('latin1'))

/** Long runs of one character, shortened so that a difference can be read. */
function abbreviate (text) {
  let short = ''
  let kept = 0
  for (let start = 0; start < text.length;) {
    let end = start + 1
    while (text.charCodeAt(end) === text.charCodeAt(start)) end++
    if (end - start >= 64) {
      short += `${text.slice(kept, start)}${text[start]}×${end - start}`
      kept = end
    }
    start = end
  }
  return short + text.slice(kept)
}

/**
 * What the bytes mean, whatever their chunk boundaries: for hosts that join
 * the chunks of a corked message. Bytes that don't parse stay what they are.
 * @param {Buffer} bytes
 * @param {string[]} methods
 */
function wireMeaning (bytes, methods) {
  try {
    return parseResponses(bytes, methods, true).map((response) => ({
      line: `${response.status} ${response.reason}`,
      fields: response.fields.map(([name, value]) => maskDate(`${name}: ${value}`)),
      framing: response.framing,
      body: abbreviate(response.body.toString('latin1')),
      trailers: response.trailers
    }))
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return abbreviate(wireText(bytes))
  }
}

/** Node 26 holds the head back until the tick is over; in 'kernel' mode it goes at once. */
const withoutHeadSent = ({ _headerSent, ...fields } = {}) => fields

const mapValues = (object, map) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))

/**
 * Whether a callback got the error of what never left: Node up to 24 forgets it where the socket is gone,
 * and every Node where the message was still queued (26 destroys those of a pipeline as aborted).
 */
function isOfUnsent ({ name, args: [error] }) {
  return name.startsWith('callback') && (error?.code === 'ERR_STREAM_DESTROYED' || error?.message === 'aborted')
}

module.exports = { isOfUnsent, maskDate, wireText, wireMeaning, abbreviate, withoutHeadSent, mapValues }
