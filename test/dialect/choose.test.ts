/** Which words a server gets. The words themselves are run on real servers in statements.test.ts. */
import { describe, expect, test } from 'vitest'
import type { Dialect } from '../../src/core/plan/dialect.ts'
import { dialectOf, parseDialect } from '../../src/dialect/choose.ts'
import { parseFlavor } from '../../src/dialect/flavor.ts'

const at = { file: 'mysql-bin.000042', position: 1234 }

function ofVersion(version: string): Dialect {
  const flavor = parseFlavor(version)
  if (flavor === null) throw new Error(`${version} is no version`)
  return dialectOf(flavor)
}

describe('the words for', () => {
  test.each([
    ['5.5.62-log', 'STOP SLAVE', "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234"],
    [
      '5.6.24-log',
      'STOP SLAVE',
      "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234, MASTER_AUTO_POSITION = 0",
    ],
    [
      '8.0.21',
      'STOP SLAVE',
      "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234, MASTER_AUTO_POSITION = 0",
    ],
    [
      '8.0.22',
      'STOP REPLICA',
      "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234, MASTER_AUTO_POSITION = 0",
    ],
    [
      '8.0.23',
      'STOP REPLICA',
      "CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = 'mysql-bin.000042', SOURCE_LOG_POS = 1234, SOURCE_AUTO_POSITION = 0",
    ],
    [
      '9.7.4',
      'STOP REPLICA',
      "CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE = 'mysql-bin.000042', SOURCE_LOG_POS = 1234, SOURCE_AUTO_POSITION = 0",
    ],
    ['5.5.68-MariaDB', 'STOP SLAVE', "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234"],
    [
      '5.5.5-10.1.48-MariaDB',
      'STOP SLAVE',
      "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234, MASTER_USE_GTID = no",
    ],
    [
      '11.8.3-MariaDB-1build1 from Ubuntu-log',
      'STOP SLAVE',
      "CHANGE MASTER TO MASTER_LOG_FILE = 'mysql-bin.000042', MASTER_LOG_POS = 1234, MASTER_USE_GTID = no",
    ],
  ])('%s', (version, stop, change) => {
    const dialect = ofVersion(version)
    expect({ stop: dialect.stop(''), change: dialect.changeTo(at, '') }).toEqual({ stop, change })
  })

  test.each([
    ['mysql-8.0.21', 'mysql-5.7'],
    ['mysql-8.0', 'mysql-8.0.23'],
    ['mysql-8.0.22', 'mysql-8.0.22'],
    ['mysql-9', 'mysql-8.4'],
    ['mariadb', 'mariadb-10.0'],
    ['MariaDB-10.11', 'mariadb-10.0'],
    ['mariadb-5.5', 'mariadb-5.5'],
  ])('--dialect %s are those of %s', (text, name) => {
    expect(parseDialect(text).name).toBe(name)
  })
})

test.each(['mysql-5.5', 'mysql-5.6', 'mysql-8.4', 'mariadb-10.11'])('no name breaks out of a statement of %s', (text) => {
  const dialect = parseDialect(text)
  const evil = String.raw`x'; DROP TABLE t; -- \'`
  const file = { file: evil, position: 4 }
  const statements = [
    dialect.stop(evil),
    dialect.stopReceiver(evil),
    dialect.start(evil),
    dialect.startUntil(file, evil),
    dialect.changeTo(file, evil),
    dialect.followGtids('Slave_Pos', evil),
    dialect.showStatus(evil),
    `SELECT ${dialect.positionWait(dialect.quote(evil), '4', 1, evil)}`,
    `SELECT ${dialect.startUntilText('@file', '@end', evil)}`,
  ]
  for (const statement of statements) {
    // Without its string literals, read as the server does by default, nothing of the name is left.
    const bare = statement.replaceAll(/'(?:[^'\\]|''|\\.)*'/gs, '?').replaceAll(/X\?/g, '?')
    expect(bare).not.toMatch(/[;'\\]|DROP/)
  }
})
