'use strict'

// The demo as `npm start` runs it, in a process of its own: what its endpoints send, and the line
// that it prints for each response.

const test = require('ava')
const http = require('node:http')
const path = require('node:path')
const readline = require('node:readline')
const { spawn } = require('node:child_process')
const { once } = require('node:events')

const demo = path.join(__dirname, '..', 'examples', 'demo')
const MEBIBYTE = 1024 * 1024

test.before(async (t) => {
  const child = spawn(process.execPath, [demo], {
    env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit']
  })
  const lines = readline.createInterface({ input: child.stdout })
  /** Lines of responses, and those who wait for one, by path. */
  const printed = new Map()
  const waiting = new Map()
  t.context.child = child
  // Also where a test ends this process.
  process.once('exit', () => child.kill('SIGKILL'))
  t.context.lineOf = (target) => printed.get(target) ??
    new Promise((resolve) => waiting.set(target, resolve))
  t.context.origin = await new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`the demo has ended: ${code ?? signal}`)))
    lines.on('line', (line) => {
      const start = /^sluice demo on (\S+)/.exec(line)
      if (start !== null) return resolve(start[1])
      const target = /^[A-Z]+ +(\S+) +(?:\d{3}) /.exec(line)?.[1]
      if (target === undefined) return
      printed.set(target, line)
      waiting.get(target)?.(line)
    })
  })
})

test.after.always((t) => { t.context.child?.kill('SIGKILL') })

/** @returns {Promise<http.IncomingMessage>} */
async function open (t, target, options) {
  const request = http.get(`${t.context.origin}${target}`, { agent: false, ...options })
  request.on('error', () => {})
  const [response] = await once(request, 'response')
  // Of a response that the test cuts short.
  response.on('error', () => {})
  return Object.assign(response, { request })
}

/** A whole response, and the line of it. Each target is asked for once: it is the line's name. */
async function get (t, target, options) {
  const response = await open(t, target, options)
  const chunks = []
  for await (const chunk of response) chunks.push(chunk)
  const line = await t.context.lineOf(target)
  return { response, body: Buffer.concat(chunks), line: line.replace(/ +/g, ' ').replace(/ [\d.]+ ms/, '') }
}

/** What the line says of bytes: the head, as the client saw it, and the body as it was framed. */
function headLength ({ rawHeaders, statusCode, statusMessage }) {
  let head = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n\r\n`.length
  for (let index = 0; index < rawHeaders.length; index += 2) {
    head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`.length
  }
  return head
}

for (const [target, type] of [['/', 'text/html'], ['/style.css', 'text/css'], ['/watch.js', 'text/javascript']]) {
  test(`the page: ${target}`, async (t) => {
    const { response, body, line } = await get(t, target)
    t.is(response.headers['content-type'], `${type}; charset=utf-8`)
    t.is(response.headers['content-length'], String(body.length))
    t.false(/(?:src|href)="(?:https?:)?\/\//.test(body), 'nothing comes from elsewhere')
    const bytes = headLength(response) + body.length
    t.is(line, `GET ${target} 200 content-length ${body.length} 0 writes (0 true, 0 false) 0 drains ${bytes} bytes`)
  })
}

test('many small writes', async (t) => {
  const { response, body, line } = await get(t, '/stream?writes=300&ms=0')
  t.is(response.headers['transfer-encoding'], 'chunked')
  const numbers = [...body.toString().matchAll(/<span>(\d+)<\/span>/g)].map(([, number]) => Number(number))
  t.deepEqual(numbers, Array.from({ length: 300 }, (_, index) => index + 1))
  t.true(body.toString().endsWith('</html>\n'))
  t.regex(line, /^GET \/stream\?writes=300&ms=0 200 chunked 302 writes \(302 true, 0 false\) 0 drains \d+ bytes$/)
})

test('a large body', async (t) => {
  const { response, body, line } = await get(t, '/large?mib=8')
  t.is(response.headers['content-length'], String(8 * MEBIBYTE))
  t.is(body.length, 8 * MEBIBYTE)
  const [, accepted, queued, drains, bytes] =
    /200 content-length 8388608 8 writes \((\d+) true, (\d+) false\) (\d+) drains? (\d+) bytes$/.exec(line).map(Number)
  t.is(accepted + queued, 8)
  // A `false` of the last write is followed by the end, not by `drain`.
  t.true(drains === queued || drains === queued - 1)
  t.is(bytes, headLength(response) + body.length)
})

test('a body in gbk', async (t) => {
  const { response, body, line } = await get(t, '/gbk')
  t.is(response.headers['content-type'], 'text/html; charset=gbk')
  t.true(new TextDecoder('gbk').decode(body).includes('你好，世界！这一页是用 GBK 编码写出来的。'))
  t.regex(line, /^GET \/gbk 200 chunked 1 write \(1 true, 0 false\) 0 drains \d+ bytes$/)
})

test('a body in every encoding that the demo has a greeting in', async (t) => {
  const { body } = await get(t, '/gbk?encoding=utf8')
  const names = /there is one in (.*)\n/.exec(body)[1].split(', ')
  t.true(names.length > 5)
  for (const name of names) {
    const { body } = await get(t, `/gbk?encoding=${name}`)
    const text = new TextDecoder(name).decode(body)
    t.true(text.includes(`<h1>${name}</h1>`), name)
    t.false(/[?\ufffd]/.test(text), name)
  }
})

test('server-sent events, until the client goes', async (t) => {
  const response = await open(t, '/events?ms=10')
  t.is(response.headers['content-type'], 'text/event-stream')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    if (text.includes('id: 3\n')) break
  }
  t.regex(text, /^id: 1\ndata: \d{4}-.*Z\n\nid: 2\n/)
  t.regex(await t.context.lineOf('/events?ms=10'), / 200 {2}chunked .* ms, cut short$/)
})

test('HEAD', async (t) => {
  const { response, body, line } = await get(t, '/head', { method: 'HEAD' })
  t.is(body.length, 0)
  t.true(Number(response.headers['content-length']) > 0)
  t.is(line, `HEAD /head 200 none 1 write (1 true, 0 false) 0 drains ${headLength(response)} bytes`)
})

test('a 204', async (t) => {
  const { response, body, line } = await get(t, '/empty')
  t.is(body.length, 0)
  t.is(line, `GET /empty 204 none 1 write (1 true, 0 false) 0 drains ${headLength(response)} bytes`)
})

test('a body that ends with the connection', async (t) => {
  const { response, body, line } = await get(t, '/until-close')
  t.is(response.headers.connection, 'close')
  t.is(response.headers['transfer-encoding'], undefined)
  const bytes = headLength(response) + body.length
  t.is(line, `GET /until-close 200 until close 1 write (1 true, 0 false) 0 drains ${bytes} bytes`)
})

test('what cannot be answered', async (t) => {
  const cases = [['/nowhere', {}, 404], ['/stream?writes=none', {}, 400], ['/stream?write=1', {}, 400],
    ['/large', { method: 'OPTIONS' }, 405]]
  for (const [target, options, status] of cases) {
    const { response, body, line } = await get(t, target, options)
    t.is(response.statusCode, status, target)
    t.regex(body.toString(), /^.+\n$/)
    t.true(line.includes(` ${status} content-length ${body.length} 0 writes `), line)
  }
})

test('what becomes of each write to a slow reader', async (t) => {
  const watcher = await open(t, '/firehose/watch')
  // It emits the errors of its input, too.
  const watched = readline.createInterface({ input: watcher }).on('error', () => {})
  const reader = await open(t, '/firehose?kib=256')
  reader.pause()
  let queued = 0
  for await (const line of watched) {
    const write = /^client 1 {2}write +\d+ +262144 bytes {2}(true|false) +(accepted by the kernel|queued) +(\d+) bytes in user memory/.exec(line)
    if (write?.[1] === 'false') {
      queued++
      t.is(write[2], 'queued')
      t.true(Number(write[3]) > 0)
      reader.resume()
    }
    if (write?.[1] === 'true') {
      t.is(write[2], 'accepted by the kernel')
      t.is(write[3], '0')
    }
    if (line === 'client 1  drain') break
  }
  t.true(queued > 0)
  reader.request.destroy()
  watcher.request.destroy()
  t.regex(await t.context.lineOf('/firehose?kib=256'), / 200 {2}chunked .* ms, cut short$/)
})
