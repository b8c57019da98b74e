import * as http from 'node:http'
import { Readable, pipeline } from 'node:stream'
import { expectTypeOf } from 'expect-type'
import * as sluice from 'sluice'

declare const req: http.IncomingMessage
declare const response: sluice.ServerResponse
declare const message: sluice.OutgoingMessage

// They stand wherever Node's stand.
expectTypeOf(response).toExtend<http.ServerResponse>()
expectTypeOf(message).toExtend<http.OutgoingMessage>()
expectTypeOf(new sluice.ServerResponse(req)).toEqualTypeOf<sluice.ServerResponse>()
expectTypeOf(new sluice.OutgoingMessage()).toEqualTypeOf<sluice.OutgoingMessage>()
Readable.from(['a']).pipe(response)
pipeline(Readable.from(['a']), response, () => {})

for (const subject of [response, message]) {
  // write
  expectTypeOf(subject.write('a')).toEqualTypeOf<boolean>()
  subject.write(Buffer.from('a'))
  subject.write(new Uint8Array(1), () => {})
  subject.write('a', 'utf8')
  subject.write('a', 'gbk', (error) => {
    expectTypeOf(error).toEqualTypeOf<Error | null | undefined>()
  })
  subject.write('a', null, () => {})
  subject.write('a', undefined, () => {})
  // @ts-expect-error null ends a readable stream; it is no chunk
  subject.write(null)
  // @ts-expect-error a number is no chunk
  subject.write(1)
  // @ts-expect-error an object is no chunk
  subject.write({ a: 1 })
  // @ts-expect-error there must be a chunk
  subject.write()
  // @ts-expect-error an encoding is a string
  subject.write('a', 8)
  // @ts-expect-error the callback comes last
  subject.write('a', () => {}, 'utf8')

  // end
  expectTypeOf(subject.end().writableEnded).toEqualTypeOf<boolean>()
  subject.end(() => {})
  subject.end('a', (error) => {
    expectTypeOf(error).toEqualTypeOf<Error | null | undefined>()
  })
  subject.end('a')
  subject.end('a', 'shift_jis')
  subject.end('a', 'shift_jis', () => {})
  subject.end(null, null, () => {})
  // @ts-expect-error a number is no chunk
  subject.end(1)
  // @ts-expect-error an encoding is a string
  subject.end('a', {})

  // what sluice adds
  expectTypeOf(subject.flushWrites()).toEqualTypeOf<boolean>()
  expectTypeOf(subject.writableLength).toEqualTypeOf<number>()
  // @ts-expect-error it takes no argument
  subject.flushWrites(true)
  // @ts-expect-error it can only be read
  subject.writableLength = 0
}

// A subclass may extend write.
class Counting extends sluice.ServerResponse {
  count = 0
  override write (...args: [any, any?, any?]): boolean {
    this.count++
    return super.write(...args)
  }
}
expectTypeOf(new Counting(req).count).toEqualTypeOf<number>()
