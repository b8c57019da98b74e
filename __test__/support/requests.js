'use strict'

/**
 * The bytes of one request.
 * @param {string} [method]
 * @param {string} [path]
 * @param {{ version?: string, close?: boolean, fields?: string[], body?: string }} [options]
 *   `close` (default true) asks for the end of the connection afterwards
 */
function request (method = 'GET', path = '/', { version = '1.1', close = true, fields = [], body = '' } = {}) {
  const lines = [`${method} ${path} HTTP/${version}`, 'Host: a', ...fields]
  if (close) lines.push('Connection: close')
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** `count` requests on one connection; the last one closes it. */
function pipeline (count, method = 'GET') {
  let bytes = ''
  for (let n = 0; n < count; n++) bytes += request(method, `/${n}`, { close: n === count - 1 })
  return bytes
}

module.exports = { request, pipeline }
