'use strict'

const { abbreviate } = require('../support/normalise')

/**
 * What a connection's requests mean, whatever their chunk boundaries (RFC 9112 section 7.1).
 * What is not framed, or not complete, is the rest of the connection.
 * @param {Buffer} bytes
 */
function requestMeaning (bytes) {
  let rest = bytes.toString('latin1')
  const requests = []
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return [...requests, rest]
    const head = rest.slice(0, end)
    rest = rest.slice(end + 4)
    const length = /^content-length: (\d+)$/im.exec(head)
    let body = ''
    let trailers = null
    if (/^transfer-encoding: chunked$/im.test(head)) [body, trailers, rest] = dechunk(rest)
    else if (length !== null) [body, rest] = [rest.slice(0, length[1]), rest.slice(length[1])]
    else if (!/^[A-Z]+ \/ HTTP/.test(rest)) [body, rest] = [rest, '']
    requests.push({ head, body: abbreviate(body), trailers })
  }
  return requests
}

/** @returns {[string, string | null, string]} body, trailers (null: not complete), what follows */
function dechunk (rest) {
  let body = ''
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(rest)
    if (size === null) return [body + rest, null, '']
    const length = parseInt(size[1], 16)
    rest = rest.slice(size[0].length)
    if (length === 0) {
      const end = `\r\n${rest}`.indexOf('\r\n\r\n')
      return end < 0 ? [body, null, rest] : [body, rest.slice(0, end), rest.slice(end + 2)]
    }
    body += rest.slice(0, length)
    rest = rest.slice(length + 2)
  }
}

module.exports = { requestMeaning }
