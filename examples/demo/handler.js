'use strict'

// Finds the endpoint for a request and turns bad input into a clear answer.

const { Tally } = require('./tally')
const { BadRequest } = require('./query')
const bodies = require('./bodies')
const firehose = require('./firehose')
const pages = require('./pages')

/**
 * @typedef {object} Exchange
 * @property {import('node:http').IncomingMessage} req
 * @property {import('../..').ServerResponse} res
 * @property {URLSearchParams} query
 * @property {Tally} tally
 * @property {AbortSignal} stopping aborted when the server is about to close
 */

/** @type {Map<string, (exchange: Exchange) => void>} */
const endpoints = new Map([
  ['/', pages.home],
  ['/style.css', pages.style],
  ['/watch.js', pages.script],
  ['/stream', bodies.stream],
  ['/large', bodies.large],
  ['/gbk', bodies.encoded],
  ['/events', bodies.events],
  ['/head', bodies.head],
  ['/empty', bodies.empty],
  ['/until-close', bodies.untilClose],
  ['/firehose', firehose.stream],
  ['/firehose/watch', firehose.watch]
])

/**
 * @param {import('../..').ServerResponse} res
 * @param {number} status
 * @param {string} text one line
 */
function answer (res, status, text) {
  res.statusCode = status
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.end(`${text}\n`)
}

/** @param {string} target the request target */
function parseTarget (target) {
  try {
    return new URL(target, 'http://localhost')
  } catch {
    throw new BadRequest(`the request target "${target}" is no path`)
  }
}

function dispatch (req, res, tally, stopping) {
  const { pathname, searchParams } = parseTarget(req.url)
  const endpoint = endpoints.get(pathname)
  if (endpoint === undefined) {
    return answer(res, 404, `there is no ${pathname} here; try one of ${[...endpoints.keys()].join(' ')}`)
  }
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('Allow', 'GET, HEAD')
    return answer(res, 405, `${pathname} answers GET and HEAD, not ${req.method}`)
  }
  endpoint({ req, res, query: searchParams, tally, stopping })
}

/**
 * @param {AbortSignal} stopping aborted when the server is about to close
 * @returns {import('node:http').RequestListener}
 */
function createHandler (stopping) {
  return (req, res) => {
    const tally = new Tally(req, res)
    // A client that goes away is no news here: the line says "cut short".
    res.on('error', () => {})
    try {
      dispatch(req, res, tally, stopping)
    } catch (error) {
      if (error instanceof BadRequest) return answer(res, 400, error.message)
      console.error(error)
      if (res.headersSent) res.destroy()
      else answer(res, 500, 'the demo has a fault; its terminal says which')
    }
  }
}

module.exports = { createHandler }
