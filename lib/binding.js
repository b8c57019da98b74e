'use strict'

// The addon, and the numbers that cross into it. Each list has what is used here of one in Rust.

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

/**
 * Of the header of a 64-bit ELF file: its magic number, and the places of `e_shoff`, `e_shentsize` and `e_shnum`,
 * which tell of the table that ends the file.
 */
const HEADER = { length: 64, magic: 0x7f454c46, tableAt: 0x28, entrySize: 0x3a, entries: 0x3c }

/**
 * Whether the file is as long as its header says: one that was cut off (a full disk, a broken copy) ends the
 * process with SIGBUS when it is loaded. What has no such header, or is missing, is an error of `require` then.
 */
function isWhole (file) {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size < HEADER.length) return true
  const header = Buffer.alloc(HEADER.length)
  const descriptor = fs.openSync(file)
  try {
    fs.readSync(descriptor, header)
  } finally {
    fs.closeSync(descriptor)
  }
  if (header.readUInt32BE(0) !== HEADER.magic) return true
  const table = header.readUInt16LE(HEADER.entrySize) * header.readUInt16LE(HEADER.entries)
  return Number(header.readBigUInt64LE(HEADER.tableAt)) + table <= size
}

/**
 * The addon stands beside index.js, named after its platform and C library. What gathers the files of a deployment
 * (@vercel/nft, of Next.js and Nitro) finds it by this expression.
 */
const fileFor = (libc) => path.join(__dirname, '..', `sluice.linux-${process.arch}-${libc}.node`)

/** A package has one addon, and it may be all that the process may read (`--permission`): to ask for another throws. */
function exists (file) {
  try {
    return fs.existsSync(file)
  } catch {
    return false
  }
}

/** @returns {object | null} null on a platform that sluice does not drive */
function load () {
  if (process.platform !== 'linux') return null
  // Asking the process for its C library costs 6 ms (process.report).
  const file = exists(fileFor('musl')) ? fileFor('musl') : fileFor('gnu')
  try {
    if (!isWhole(file)) throw new Error(`${file}: the file was cut off`)
    // Not by our own `require`: that of a bundle, or a single executable, knows no files, and where this file is
    // evaluated anew, Node keeps the addon and with it what has required it. Each copy has a state of its own there.
    return createRequire(file)(file).open()
  } catch (error) {
    error.message = `sluice: ${path.basename(file)} does not load; is it built (npm run build)? ${error.message}`
    throw error
  }
}

module.exports = {
  native: load(),
  /** Places on the status page, `Page` in src/binding/environment.rs. */
  Page: { ENQUEUED: 0, SENT: 1, PENDING: 2, ERRNO: 3, HEAD_BITS: 4, DECLARED_LENGTH: 5, ROOM: 6, WATCHED: 7 },
  /** Statuses of write, append and flush. */
  Status: { SENT: 0, DEFERRED: 1, BLOCKED: 2, IGNORED: 3, FULL: 4, FAILED: -100, STALE: -101, DETACHED: -102 },
  /** `MessageBits` in src/message/state.rs and the flags beside them in src/binding/body.rs. */
  MessageBits: {
    DESTROYED: 2,
    HAS_BODY: 4,
    CHUNKED: 8,
    HEAD_STORED: 16,
    HEAD_SENT: 32,
    STRICT_LENGTH: 64,
    ENDS: 256,
    HAS_CHUNK: 512,
    HEAD_IS_UTF8: 1024
  },
  /** `HeadBits` in src/message/head.rs. */
  HeadBits: {
    SEND_DATE: 1,
    REMOVED_CONNECTION: 1 << 1,
    REMOVED_CONTENT_LENGTH: 1 << 2,
    REMOVED_TRANSFER_ENCODING: 1 << 3,
    SHOULD_KEEP_ALIVE: 1 << 4,
    MAX_REQUESTS_REACHED: 1 << 5,
    USE_CHUNKED_BY_DEFAULT: 1 << 6,
    HAS_AGENT: 1 << 7,
    DEFAULT_KEEP_ALIVE: 1 << 8,
    HAS_BODY: 1 << 9,
    CHUNKED: 1 << 10,
    BODILESS_STATUS: 1 << 11,
    LAST: 1 << 12,
    VALIDATE: 1 << 13,
    LENIENT: 1 << 14,
    HAS_CONTENT_LENGTH: 1 << 15,
    NONZERO_CONTENT_LENGTH: 1 << 16,
    REMOVED_CONNECTION_CLOSES: 1 << 17,
    UNFRAMED_KEEPS_ALIVE: 1 << 18,
    SAW_CONTENT_LENGTH: 1 << 25,
    EXPECT: 1 << 28
  },
  /** The encoding's code of a chunk that is a Uint8Array. */
  BYTES: 255,
  /** Of a long string in UTF-8 (src/binding/text.rs): of characters up to U+00FF, and of others. */
  LONG_LATIN1: 254,
  LONG_WIDE: 253,
  /** The first code of an encoding whose length Node estimates, base64; hex follows. */
  FIRST_ESTIMATED: 4,
  /** The first code of an encoding that Node does not have. */
  FIRST_LEGACY: 16
}
