'use strict'

/** What a message's first line is, and how each begins. */
const RESPONSE = { line: /^HTTP\/1\.1 200 OK$/, beginning: 'HTTP/1.1 ' }
const REQUEST = { line: /^POST \/\d+ HTTP\/1\.1$/, beginning: 'POST /' }

/**
 * The bodies in the bytes of a connection that may have been cut anywhere.
 * @param {Buffer} bytes
 * @param {typeof RESPONSE} [kind]
 * @returns {{ line: string, body: Buffer, isWhole: boolean }[]} of the messages whose head is complete
 * @throws {Error} for what can't be the beginning of such messages
 */
function readPrefix (bytes, kind = RESPONSE) {
  const messages = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at, 'latin1')
    if (end < 0) {
      if (!bytes.toString('latin1', at).startsWith(kind.beginning.slice(0, bytes.length - at))) throw new Error(`no head at byte ${at}`)
      break
    }
    const head = bytes.toString('latin1', at, end)
    const [line] = head.split('\r\n', 1)
    if (!kind.line.test(line)) throw new Error(`no head at byte ${at}: ${head.slice(0, 80)}`)
    at = end + 4
    const message = { line, body: Buffer.alloc(0), isWhole: false }
    messages.push(message)
    const declared = /^content-length: (\d+)$/im.exec(head)
    if (/^transfer-encoding: chunked$/im.test(head)) at = readChunks(bytes, at, message)
    else {
      const length = declared ? Number(declared[1]) : bytes.length - at
      message.body = bytes.subarray(at, at + length)
      message.isWhole = declared !== null && message.body.length === length
      at += length
    }
    if (!message.isWhole) break
  }
  return messages
}

function readChunks (bytes, start, message) {
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
      message.isWhole = true
      break
    }
  }
  message.body = Buffer.concat(parts)
  return at
}

module.exports = { readPrefix, RESPONSE, REQUEST }
