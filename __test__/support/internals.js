'use strict'

/**
 * What a program reads that decides what is sent. `_headerSent` and `writableCorked`
 * tell when bytes leave for the socket, which is the transport's to choose.
 */
const INTERNAL = [
  '_header', 'finished', '_hasBody', 'chunkedEncoding', 'useChunkedEncodingByDefault',
  'shouldKeepAlive', 'sendDate', '_last', '_defaultKeepAlive', '_removedConnection', '_removedContLen', '_removedTE',
  '_contentLength', '_trailer', '_sent100', '_expect_continue', '_closed', '_keepAliveTimeout',
  'headersSent', 'destroyed', 'writable', 'writableEnded', 'writableFinished', 'writableHighWaterMark',
  'writableObjectMode', 'strictContentLength'
]

/** @param {import('http').ServerResponse} message */
function withoutTransport (message) {
  const fields = {}
  for (const name of INTERNAL) fields[name] = message[name]
  fields.outputs = message.outputData.length
  fields.outputSize = message.outputSize
  fields.hasSocket = message.socket !== null
  return fields
}

module.exports = { withoutTransport }
