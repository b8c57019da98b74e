'use strict'

// The page in the browser and the text in the terminal.

const fs = require('node:fs')
const path = require('node:path')
const { rejectUnknown } = require('./query')

/** @param {string} name @param {string} type */
function publicFile (name, type) {
  const body = fs.readFileSync(path.join(__dirname, 'public', name))
  /** @param {import('./handler').Exchange} exchange */
  return ({ res, query }) => {
    rejectUnknown(query, [])
    res.setHeader('Content-Type', `${type}; charset=utf-8`)
    res.setHeader('Cache-Control', 'no-cache')
    res.setHeader('Content-Length', body.length)
    res.end(body)
  }
}

/**
 * What every page that is made on the fly begins with.
 * @param {string} title
 * @param {string} [charset] of the body
 */
function opening (title, charset = 'utf-8') {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="${charset}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - sluice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<p class="quiet"><a href="/">&larr; sluice</a></p>
<h1>${title}</h1>
`
}

const closing = '</main>\n</body>\n</html>\n'

/**
 * @param {string} origin
 * @param {boolean} native
 */
function suggestions (origin, native) {
  return `
sluice demo on ${origin}${native ? '' : ' (this platform has no native transport: sockets are written by Node)'}

  open    ${origin}/                     everything, with a live chart

  curl -N  ${origin}/stream                200 small writes, one each 10 ms
  curl -N '${origin}/stream?writes=5000&ms=0'
  curl -o /dev/null ${origin}/large        64 MiB from one shared Buffer
  curl -s  ${origin}/gbk | iconv -f gbk    a body in gbk
  curl -N  ${origin}/events                server-sent events
  curl -I  ${origin}/head                  HEAD: a head and no body
  curl -i  ${origin}/empty                 204
  curl -i  ${origin}/until-close           a body that ends with the connection

  curl -N  ${origin}/firehose/watch        each write of the firehose, live, while in another terminal
  curl --limit-rate 2M -o /dev/null ${origin}/firehose

One line for each finished response follows; Ctrl-C stops.
`
}

module.exports = {
  home: publicFile('index.html', 'text/html'),
  style: publicFile('style.css', 'text/css'),
  script: publicFile('watch.js', 'text/javascript'),
  opening,
  closing,
  suggestions
}
