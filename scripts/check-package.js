'use strict'

// Packs the tarball that would be published, installs it into an empty project
// and has it serve one response there, read from a raw socket.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { root } = require('./setup')
const { run, runNpm, Failure } = require('./run')

const serveOne = `
const { createServer } = require('sluice')
const server = createServer((req, res) => {
  res.write('packed ')
  res.end('and installed')
  server.close()
})
server.listen(0, '127.0.0.1', () => {
  const socket = require('node:net').connect(server.address().port, '127.0.0.1')
  socket.setEncoding('latin1').on('data', (text) => process.stdout.write(text))
  socket.write('GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')
})
`

const importNames = `
import sluice, { createServer, ServerResponse, OutgoingMessage } from 'sluice'
if (sluice.createServer !== createServer) throw new Error('two copies of sluice')
if (!ServerResponse || !OutgoingMessage) throw new Error('a named export is missing')
`

/** Node's own server, in a process that has sluice/register. */
const serveRegistered = serveOne.replace("require('sluice')", "require('node:http')")

/** @param {string} response the bytes from the socket, as latin1 */
function checkResponse (response) {
  const [head, body] = response.split('\r\n\r\n', 2)
  const isRight = head.startsWith('HTTP/1.1 200 OK\r\n') &&
    /^Transfer-Encoding: chunked$/m.test(head.replaceAll('\r', '')) &&
    body !== undefined && decodeChunked(response.slice(head.length + 4)) === 'packed and installed'
  if (!isRight) throw new Failure(`the installed package answers ${JSON.stringify(response)}`)
}

/** @param {string} coded a whole body in the chunked coding, without trailers */
function decodeChunked (coded) {
  let decoded = ''
  for (let at = 0; ;) {
    const lineEnd = coded.indexOf('\r\n', at)
    const size = Number.parseInt(coded.slice(at, lineEnd), 16)
    if (lineEnd < 0 || !(size > 0)) return coded.slice(at) === '0\r\n\r\n' ? decoded : undefined
    decoded += coded.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}

/** @param {string} directory an empty directory, ours to fill */
async function checkPackage (directory) {
  const { stdout } = await runNpm(['pack', '--json', '--pack-destination', directory], { cwd: root, capture: true })
  // npm 11 answers with a list, later ones with an object keyed by name.
  const [tarball] = Object.values(JSON.parse(stdout))
  const names = tarball.files.map((file) => file.path)
  console.log(`packed ${tarball.filename}, ${tarball.size} bytes: ${names.join(', ')}`)
  const project = path.join(directory, 'project')
  fs.mkdirSync(project)
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n')
  fs.writeFileSync(path.join(project, 'serve.js'), serveOne)
  fs.writeFileSync(path.join(project, 'registered.js'), `${serveRegistered}
if (!('flushWrites' in require('node:http').ServerResponse.prototype)) throw new Error('sluice is not registered')
`)
  fs.writeFileSync(path.join(project, 'import.mjs'), importNames)
  await runNpm(['install', '--offline', path.join(directory, tarball.filename)], { cwd: project })
  await run(process.execPath, ['import.mjs'], { cwd: project })
  checkResponse((await run(process.execPath, ['serve.js'], { cwd: project, capture: true })).stdout)
  for (const flag of ['--require', '--import']) {
    const values = [flag, 'sluice/register', 'registered.js']
    checkResponse((await run(process.execPath, values, { cwd: project, capture: true })).stdout)
  }
  console.log('the installed package has served a response, and is registered by --require and --import')
}

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-package-'))
checkPackage(directory).catch((error) => {
  if (!(error instanceof Failure)) throw error
  console.error(`sluice: ${error.message}`)
  process.exitCode = 1
}).finally(() => fs.rmSync(directory, { recursive: true, force: true }))
