'use strict'

// graphql-http answers at once, graphql-yoga streams a subscription by server-sent events,
// and what `@defer` and `@stream` put off by parts of a multipart response.

const http = require('node:http')
const { buildSchema } = require('graphql')
const { createHandler } = require('graphql-http/lib/use/http')
const { createYoga, createSchema } = require('graphql-yoga')
const { useDeferStream } = require('@graphql-yoga/plugin-defer-stream')

async function * count (root, { to }) {
  for (let n = 1; n <= to; n++) {
    await new Promise((resolve) => setImmediate(resolve))
    yield { count: n }
  }
}

async function * list (root, args) {
  for await (const { count: n } of count(root, args)) yield n
}

module.exports = () => {
  const plain = createHandler({
    schema: buildSchema('type Query { hello: String }'),
    rootValue: { hello: 'world' }
  })
  const yoga = createYoga({
    logging: false,
    graphiql: false,
    plugins: [useDeferStream()],
    schema: createSchema({
      typeDefs: 'type Query { text(length: Int!): String list(to: Int!): [Int] } type Subscription { count(to: Int!): Int }',
      resolvers: {
        Query: { text: (root, { length }) => 'é'.repeat(length), list },
        Subscription: { count: { subscribe: count } }
      }
    })
  })
  // graphql-yoga keeps the connection of a stream alive whatever the client asks for.
  return http.createServer({ keepAliveTimeout: 100 }, (req, res) => req.url.startsWith('/graphql') ? yoga(req, res) : plain(req, res))
}
