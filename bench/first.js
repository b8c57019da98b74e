'use strict'

// A first figure: requests a second of sluice relative to stock Node, each in a process of its
// own on one core, the load on another, in pairs. Needs wrk (Debian: apt-get install wrk).
//   node bench/first.js [rounds]

const { spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')

const SCENARIOS = { '/hello': 'hello world', '/stream': '100 × write of 100 bytes per response' }
const SECONDS = 3

/** The server process: `serve stock` or `serve sluice`. */
function serve (subject) {
  const create = subject === 'sluice' ? require('..').createServer : require('node:http').createServer
  const chunk = Buffer.alloc(100, 'x')
  const server = create((req, res) => {
    res.writeHead(200)
    if (req.url === '/stream') for (let n = 0; n < 100; n++) res.write(chunk)
    res.end(req.url === '/stream' ? undefined : 'Hello, World!')
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

async function measure (subject, path) {
  const child = spawn('taskset', ['-c', '0', process.execPath, __filename, 'serve', subject], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  try {
    const [port] = await once(child, 'message')
    const url = `http://127.0.0.1:${port}${path}`
    const body = await (await fetch(url)).text()
    const expected = path === '/stream' ? 'x'.repeat(10_000) : 'Hello, World!'
    if (body !== expected) throw new Error(`${subject} ${path}: a wrong body`)
    const { stdout } = spawnSync('taskset', ['-c', '1', 'wrk', '-t1', '-c50', `-d${SECONDS}`, url], { encoding: 'utf8' })
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1])
  } finally {
    child.kill()
  }
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

async function main () {
  if (spawnSync('wrk', ['-v']).error) throw new Error('this needs wrk: apt-get install wrk')
  const rounds = Number(process.argv[2] ?? 5)
  for (const [path, title] of Object.entries(SCENARIOS)) {
    const ratios = []
    const rates = { stock: [], sluice: [] }
    for (let n = 0; n < rounds; n++) {
      for (const subject of ['stock', 'sluice']) rates[subject].push(await measure(subject, path))
      ratios.push(rates.sluice[n] / rates.stock[n])
    }
    console.log(`${title}: ${median(ratios).toFixed(2)} × (stock ${Math.round(median(rates.stock))}, sluice ${Math.round(median(rates.sluice))} requests a second; ratios ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`)
  }
}

if (process.argv[2] === 'serve') serve(process.argv[3])
else main().catch((error) => { console.error(error.message); process.exitCode = 1 })
