'use strict'

require('reflect-metadata')
const { Controller, Get, Module, Post, HttpCode, Header, StreamableFile } = require('@nestjs/common')
const { NestFactory } = require('@nestjs/core')
const routes = require('../routes')

class Root {
  hello () { return 'hello' }
  json () { return { text: 'é'.repeat(1000) } }
  big () { return new StreamableFile(routes.big) }
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
