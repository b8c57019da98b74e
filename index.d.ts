/// <reference types="node" />

import * as http from 'node:http'
import * as https from 'node:https'

/**
 * What `write` answers:
 *
 * - `'kernel'`, the default: the truth about the kernel's send buffer.
 * - `'high-water-mark'`: exactly what stock Node answers, which compares the
 *   bytes that it counts with a fixed mark. For programs that rely on that.
 */
export type Backpressure = 'kernel' | 'high-water-mark'

/** The encodings beyond Node's own: the names of the Encoding Standard. */
export type WebEncoding =
  | 'big5'
  | 'euc-jp'
  | 'euc-kr'
  | 'gb18030'
  | 'gbk'
  | 'ibm866'
  | 'iso-2022-jp'
  | 'iso-8859-2'
  | 'iso-8859-3'
  | 'iso-8859-4'
  | 'iso-8859-5'
  | 'iso-8859-6'
  | 'iso-8859-7'
  | 'iso-8859-8'
  | 'iso-8859-8-i'
  | 'iso-8859-10'
  | 'iso-8859-13'
  | 'iso-8859-14'
  | 'iso-8859-15'
  | 'iso-8859-16'
  | 'koi8-r'
  | 'koi8-u'
  | 'macintosh'
  | 'shift_jis'
  | 'windows-874'
  | 'windows-1250'
  | 'windows-1251'
  | 'windows-1252'
  | 'windows-1253'
  | 'windows-1254'
  | 'windows-1255'
  | 'windows-1256'
  | 'windows-1257'
  | 'windows-1258'
  | 'x-mac-cyrillic'
  | 'x-user-defined'

/**
 * How a string becomes bytes: an encoding of Node's or a label of the Encoding
 * Standard, in any case. Any other string is taken by the compiler, and throws
 * `ERR_UNKNOWN_ENCODING` when it is used; see {@link isEncoding}.
 */
export type Encoding = BufferEncoding | WebEncoding | (string & {})

/** A piece of a body. */
export type Chunk = string | Uint8Array

/**
 * Called once, in the order of the writes, never synchronously: without an
 * error when the chunk's last byte has been handed to the kernel, with one
 * when it never will be.
 */
export type WriteCallback = (error?: Error | null) => void

/**
 * Called when the message is finished; with an error where it has finished before,
 * and on Node 24 and later where it never will be finished.
 */
export type EndCallback = (error?: Error | null) => void

/** What a server's options may say beyond Node's own. */
export interface WriteOptions {
  /** What `write` answers. Default: `'kernel'`. */
  backpressure?: Backpressure | undefined
  /**
   * Whether the small writes of one turn of the event loop are handed to the
   * kernel together, at the turn's end. With `false` each is handed over at
   * once: a system call a write. Default: `true`.
   */
  coalesce?: boolean | undefined
}

/** A constructor that a server may be given as its `ServerResponse`. */
type ResponseClass<Request extends typeof http.IncomingMessage> =
  typeof http.ServerResponse<InstanceType<Request>>

/** Options of {@link createServer}: those of `http.createServer`, and {@link WriteOptions}. */
export interface ServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> extends http.ServerOptions<Request, Response>, WriteOptions {}

/** Options of {@link createSecureServer}: those of `https.createServer`, and {@link WriteOptions}. */
export interface SecureServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> extends https.ServerOptions<Request, Response>, WriteOptions {}

/**
 * An `http.OutgoingMessage` that is written by sluice. A base for messages of
 * your own; servers use {@link ServerResponse}.
 */
export class OutgoingMessage<
  Request extends http.IncomingMessage = http.IncomingMessage
> extends http.OutgoingMessage<Request> {
  /**
   * The bytes of this message in user memory: framed, and not yet taken by the
   * kernel. What waits in the socket behind another message counts as well.
   */
  readonly writableLength: number

  /**
   * Writes a piece of the body. The first sends the head, in the same packet.
   *
   * A message that may have no body (HEAD, 204, 304) ignores the chunk, runs
   * the callback and answers `true`.
   *
   * @param chunk a string, a Buffer or a Uint8Array. A large Buffer, or one that
   *   has to wait, is held by reference until it is sent: don't change it before
   *   the callback.
   * @param encoding how a string becomes bytes. Default: `'utf8'`.
   * @param callback see {@link WriteCallback}
   * @returns `true` when the kernel has every byte, or has the room and gets
   *   them before this turn of the event loop ends. `false` when some wait in
   *   user memory: exactly one `drain` follows when none waits any more.
   * @throws `ERR_UNKNOWN_ENCODING` before anything is sent;
   *   `ERR_INVALID_ARG_TYPE` for a chunk of another type;
   *   `ERR_STREAM_NULL_VALUES` for `null`;
   *   `ERR_HTTP_CONTENT_LENGTH_MISMATCH` with `strictContentLength`
   */
  write (chunk: Chunk, callback?: WriteCallback): boolean
  write (chunk: Chunk, encoding: Encoding | null | undefined, callback?: WriteCallback): boolean

  /**
   * Ends the message, with a last piece of the body if one is given. Without an
   * earlier `write` the message gets a `Content-Length`, and head and body
   * leave in one packet.
   * @param callback see {@link EndCallback}
   * @throws as {@link OutgoingMessage.write}
   */
  end (callback?: EndCallback): this
  end (chunk: Chunk | null | undefined, callback?: EndCallback): this
  end (chunk: Chunk | null | undefined, encoding: Encoding | null | undefined, callback?: EndCallback): this

  /**
   * Hands what is deferred to the kernel now, and not at the end of this turn
   * of the event loop. Where {@link native} is `false` nothing is deferred but by Node.
   * @returns `true` when nothing of this message is left in user memory
   */
  flushWrites (): boolean
}

/**
 * An `http.ServerResponse` that is written by sluice: in place of Node's with
 * `http.createServer({ ServerResponse }, listener)`, by {@link createServer},
 * or as a base class.
 *
 * @example
 * class Response extends sluice.ServerResponse {
 *   json (value) {
 *     this.setHeader('Content-Type', 'application/json')
 *     return this.end(JSON.stringify(value))
 *   }
 * }
 * http.createServer({ ServerResponse: Response }, (req, res) => res.json({ ok: true }))
 */
export class ServerResponse<
  Request extends http.IncomingMessage = http.IncomingMessage
> extends http.ServerResponse<Request> {
  /** As {@link OutgoingMessage.writableLength}. */
  readonly writableLength: number

  /** As {@link OutgoingMessage.write}. */
  write (chunk: Chunk, callback?: WriteCallback): boolean
  write (chunk: Chunk, encoding: Encoding | null | undefined, callback?: WriteCallback): boolean

  /** As {@link OutgoingMessage.end}. */
  end (callback?: EndCallback): this
  end (chunk: Chunk | null | undefined, callback?: EndCallback): this
  end (chunk: Chunk | null | undefined, encoding: Encoding | null | undefined, callback?: EndCallback): this

  /** As {@link OutgoingMessage.flushWrites}. */
  flushWrites (): boolean
}

/**
 * Node's own `http.createServer`, with responses that are written by sluice.
 * @param listener added to the server's `request` event
 * @throws `ERR_INVALID_ARG_VALUE` for an unknown `backpressure`, or a `coalesce` that is no boolean
 *
 * @example
 * sluice.createServer((req, res) => {
 *   res.write('你好，', 'gbk')
 *   res.end('世界', 'gbk')
 * }).listen(8080)
 */
export function createServer (): http.Server
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> (listener?: http.RequestListener<Request, Response>): http.Server<Request, Response>
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> (
  options: ServerOptions<Request, Response>,
  listener?: http.RequestListener<Request, Response>
): http.Server<Request, Response>

/**
 * Node's own `https.createServer`, with responses that are framed by sluice.
 * TLS encrypts in user memory, so their bytes go through Node's socket, whose
 * answer is then the answer of `write`.
 * @param listener added to the server's `request` event
 * @throws as {@link createServer}
 */
export function createSecureServer (): https.Server
export function createSecureServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> (listener?: http.RequestListener<Request, Response>): https.Server<Request, Response>
export function createSecureServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends ResponseClass<Request> = typeof ServerResponse<InstanceType<Request>>
> (
  options: SecureServerOptions<Request, Response>,
  listener?: http.RequestListener<Request, Response>
): https.Server<Request, Response>

/**
 * Whether `write` takes this label: an encoding of Node's, or one of the
 * Encoding Standard that can be encoded. In any case. Where {@link native} is
 * `false`, Node's alone.
 *
 * @example
 * sluice.isEncoding('Shift_JIS') // true
 * sluice.isEncoding('utf-7')     // false
 */
export function isEncoding (label: string): boolean

/**
 * `true` where sluice writes TCP and Unix sockets itself; `false` on platforms
 * other than Linux, where everything is Node's own.
 */
export const native: boolean

/**
 * Makes every outgoing message of the process ours: responses and requests, of
 * any class, made before or after. What `sluice/register` does.
 * @param options for all messages, but where the options of their own server
 *   say otherwise
 * @returns `true` too where another copy of sluice has done so before, with its
 *   options; `false` where Node goes on writing itself: there is no addon for
 *   this platform, or something has already patched the `write` or `end` of
 *   `http.OutgoingMessage` or `http.ServerResponse`
 * @throws `ERR_INVALID_ARG_VALUE` for an option of another value
 */
export function install (options?: WriteOptions): boolean

/** Undoes {@link install}. What others have patched since stays. */
export function uninstall (): void
