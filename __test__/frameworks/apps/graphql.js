'use strict'

const http = require('node:http')
const { buildSchema } = require('graphql')
const { createHandler } = require('graphql-http/lib/use/http')

module.exports = () => http.createServer(createHandler({
  schema: buildSchema('type Query { hello: String }'),
  rootValue: { hello: 'world' }
}))
