'use strict'

// Errors with Node's class, code and message, for what Node itself has no hand in.

const util = require('node:util')

function coded (Base, code, message) {
  const error = new Base(message)
  error.code = code
  // Node's own put the code into the stack's first line and not into the name.
  // A program may make anything of a stack (`Error.prepareStackTrace`), or have none.
  if (typeof error.stack === 'string') error.stack = error.stack.replace(Base.name, `${Base.name} [${code}]`)
  return error
}

module.exports = {
  unknownEncoding: (label) =>
    coded(TypeError, 'ERR_UNKNOWN_ENCODING', util.format('Unknown encoding: %s', label)),
  streamDestroyed: () =>
    coded(Error, 'ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed'),
  writeAfterEnd: () =>
    coded(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end'),
  detachedChunk: () =>
    coded(Error, 'ERR_INVALID_STATE', 'Invalid state: the memory of a queued chunk was detached before it was sent'),
  invalidLink: (value) =>
    coded(TypeError, 'ERR_INVALID_ARG_VALUE', "The argument 'hints' must be an array or string of format " +
      `"</styles.css>; rel=preload; as=style". Received ${util.inspect(value)}`),
  invalidOption: (name, value, allowed) =>
    coded(TypeError, 'ERR_INVALID_ARG_VALUE',
      `The property 'options.${name}' must be one of: ${allowed}. Received ${util.inspect(value)}`),
  invalidVariable: (name, value, allowed) =>
    coded(TypeError, 'ERR_INVALID_ARG_VALUE',
      `The environment variable ${name} must be one of: ${allowed}. Received ${util.inspect(value)}`),
  /** @param {number} errno the system's number, positive */
  write (errno) {
    const code = util.getSystemErrorName(-errno)
    return Object.assign(new Error(`write ${code}`), { errno: -errno, code, syscall: 'write' })
  }
}
