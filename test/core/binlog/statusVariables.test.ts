/** What QUERY events say of the session, by bytes as servers write them. */
import { describe, expect, test } from 'vitest'
import { decodeStatusVariables } from '../../../src/core/binlog/statusVariables.ts'

/** A QUERY event with these status variables. */
function query(hex: string): readonly [Buffer, number, number] {
  const variables = Buffer.from(hex, 'hex')
  const event = Buffer.concat([Buffer.alloc(32), variables, Buffer.from('\0BEGIN')])
  event.writeUInt16LE(variables.length, 30)
  return [event, 0, event.length]
}

const nothing = {
  flags: null,
  sqlMode: null,
  charset: null,
  timeZone: null,
  lcTimeNames: null,
  microseconds: 0,
  explicitDefaultsForTimestamp: null,
  defaultCollationForUtf8mb4: null,
  sqlRequirePrimaryKey: null,
  defaultTableEncryption: null,
}

describe('status variables', () => {
  test('of MySQL 9.7: a CREATE TABLE, and a DELETE without foreign key checks', () => {
    expect(
      decodeStatusVariables(
        ...query('0000000000012800a04500000000060373746404e000e000ff000c0164001001110a0000000000000012ff001300'),
      ),
    ).toEqual({
      ...nothing,
      flags: 0,
      sqlMode: 0x45a0_0028n,
      charset: { client: 224, connection: 224, server: 255 },
      explicitDefaultsForTimestamp: true,
      defaultCollationForUtf8mb4: 255,
      sqlRequirePrimaryKey: false,
    })
    expect(decodeStatusVariables(...query('0000000004012800a04500000000060373746404e000e000ff000cfe12ff00'))).toMatchObject({
      flags: 0x400_0000,
      defaultCollationForUtf8mb4: 255,
    })
  })

  test('behind an invoker, many schemas, a time zone and all others', () => {
    const hex =
      '0573'.replace('73', '06') +
      Buffer.from('+05:00').toString('hex') +
      '07090008ff000900000000000000000a000000000b0275310168' +
      '0c026100626300' +
      '0d40e201' +
      '1401'
    expect(decodeStatusVariables(...query(hex))).toEqual({
      ...nothing,
      timeZone: '+05:00',
      lcTimeNames: 9,
      microseconds: 123_456,
      defaultTableEncryption: true,
    })
  })

  test('end where a code is not known, or the value goes beyond them', () => {
    expect(decodeStatusVariables(...query('0000000000f01000'))).toEqual({ ...nothing, flags: 0 })
    expect(decodeStatusVariables(...query('0000000000012800'))).toEqual({ ...nothing, flags: 0 })
    expect(decodeStatusVariables(...query('0c0561'))).toEqual(nothing)
    expect(decodeStatusVariables(...query(''))).toEqual(nothing)
  })
})
