'use strict'

/**
 * The bodies in the bytes of a connection that may have been cut anywhere.
 * @param {Buffer} bytes
 * @returns {{ body: Buffer, isWhole: boolean }[]} of the responses whose head is complete
 * @throws {Error} for what can't be the beginning of responses
 */
function readPrefix (bytes) {
  const responses = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
    if (end < 0) {
      if (!bytes.toString('latin1', at).startsWith('HTTP/1.1 '.slice(0, bytes.length - at))) throw new Error(`no head at byte ${at}`)
      break
    }
    const head = bytes.toString('latin1', at, end)
    if (!head.startsWith('HTTP/1.1 200 OK\r\n')) throw new Error(`no head at byte ${at}: ${head.slice(0, 80)}`)
    at = end + 4
    const response = { body: Buffer.alloc(0), isWhole: false }
    responses.push(response)
    const declared = /^content-length: (\d+)$/im.exec(head)
    if (/^transfer-encoding: chunked$/im.test(head)) at = readChunks(bytes, at, response)
    else {
      const length = declared ? Number(declared[1]) : bytes.length - at
      response.body = bytes.subarray(at, at + length)
      response.isWhole = declared !== null && response.body.length === length
      at += length
    }
    if (!response.isWhole) break
  }
  return responses
}

function readChunks (bytes, start, response) {
  const parts = []
  let at = start
  for (;;) {
    const end = bytes.indexOf('\r\n', at, 'latin1')
    const line = bytes.toString('latin1', at, end < 0 ? undefined : end)
    if (!/^[0-9a-f]*\r?$/.test(line) || (end >= 0 && line === '')) throw new Error(`no chunk size at byte ${at}: ${line.slice(0, 40)}`)
    if (end < 0) break
    const length = parseInt(line, 16)
    parts.push(bytes.subarray(end + 2, end + 2 + length))
    at = end + 2 + length
    const after = bytes.toString('latin1', at, at + 2)
    if (!'\r\n'.startsWith(after)) throw new Error(`no CRLF behind the chunk at byte ${at}`)
    at += 2
    if (at > bytes.length) break
    if (length === 0) {
      response.isWhole = true
      break
    }
  }
  response.body = Buffer.concat(parts)
  return at
}

module.exports = { readPrefix }
