import { expectTypeOf } from 'expect-type'
import * as sluice from 'sluice'

expectTypeOf(sluice.isEncoding).toEqualTypeOf<(label: string) => boolean>()
expectTypeOf(sluice.native).toEqualTypeOf<boolean>()

// Every encoding of Node's, the names of the Encoding Standard, and other labels of theirs.
expectTypeOf<BufferEncoding>().toExtend<sluice.Encoding>()
expectTypeOf<'gbk' | 'shift_jis' | 'windows-1252' | 'iso-8859-8-i' | 'x-user-defined'>().toExtend<sluice.WebEncoding>()
expectTypeOf<'x-sjis'>().toExtend<sluice.Encoding>()
expectTypeOf<'utf-7'>().not.toExtend<sluice.WebEncoding>()
expectTypeOf<number>().not.toExtend<sluice.Encoding>()

// @ts-expect-error a label is a string
sluice.isEncoding(1)
// @ts-expect-error there must be a label
sluice.isEncoding()
// @ts-expect-error it can only be read
sluice.native = false
// @ts-expect-error there is no such export
expectTypeOf(sluice.createClient)
