'use strict'

require('reflect-metadata')
const { Controller, Get, Module, Post, HttpCode, Header, Sse, StreamableFile } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const { from } = require('rxjs')
const { Readable } = require('node:stream')
const routes = require('../routes')

class Root {
  hello () { return 'hello' }
  json () { return { text: 'é'.repeat(1000) } }
  big () { return new StreamableFile(routes.big) }
  stream () { return new StreamableFile(Readable.from(['one ', 'two ', 'three']), { type: 'text/plain', disposition: 'attachment; filename="f.txt"' }) }
  events () { return from([0, 1, 2].map((id) => ({ id: String(id), type: 'count', data: { text: `event ${id}` } }))) }
  endless () { return new StreamableFile(routes.endless()) }
  empty () {}
  early () { return 'too large' }
}

/** What TypeScript makes of the decorators above a method. */
function decorate (name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(Root.prototype, name)
  for (const decorator of decorators) decorator(Root.prototype, name, descriptor)
}

decorate('hello', Get('/'), Header('X-Nest', 'yes'))
decorate('json', Get('/json'))
decorate('big', Get('/big'))
decorate('stream', Get('/stream'))
decorate('events', Sse('/events'))
decorate('endless', Get('/endless'))
decorate('empty', Get('/empty'), HttpCode(204))
decorate('early', Post('/early'), HttpCode(413))
Controller()(Root)

class App {}
Module({ controllers: [Root] })(App)

module.exports = async () => {
  const app = await NestFactory.create(App, { logger: false })
  await app.listen(0, '127.0.0.1')
  return app.getHttpServer()
}
