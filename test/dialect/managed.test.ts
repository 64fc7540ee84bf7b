/** Plans for managed services, word by word, and the refusals where no such repair can be had. */
import { describe, expect, test } from 'vitest'
import { parseDialect } from '../../src/dialect/choose.ts'
import { providerOf } from '../../src/dialect/managed.ts'
import { binpoint, freshIndex } from '../cli/run.ts'
import { active, story } from '../cli/story.ts'

const from = `${story.divergence.file}:${story.divergence.position}`

interface Planned {
  readonly status: number
  readonly steps: readonly string[]
  readonly finish: readonly string[]
  readonly findings: readonly { readonly code: string; readonly severity: string; readonly message: string }[]
}

async function plan(dialect: string, ...more: readonly string[]): Promise<Planned> {
  const args = ['repair', '--from', from, '--source', active, '--dialect', dialect, '--index', freshIndex(), '--json', ...more]
  const { status, stdout } = await binpoint(args)
  const { plan: made, findings } = JSON.parse(stdout)
  const sql = (steps: readonly { readonly sql: string }[]): readonly string[] => steps.map((step) => step.sql)
  return { status, steps: sql(made.steps), finish: sql(made.finish), findings }
}

const fails = '(SELECT 1 UNION SELECT 2)) AS binpoint'
const account =
  "SET @source_host = 'SOURCE_HOST', @source_port = 3306, @replication_user = 'REPLICATION_USER', " +
  "@replication_password = 'REPLICATION_PASSWORD', @replication_tls = 1"
const given =
  "SELECT IF(@source_host <> CONCAT('SOURCE_', 'HOST') AND @replication_user <> CONCAT('REPLICATION_', 'USER') AND " +
  `@replication_password <> CONCAT('REPLICATION_', 'PASSWORD') AND @@autocommit = 1, 'the account is given', ${fails}`

describe('a plan for', () => {
  test.each([
    ['rds-mysql-8.0', 'rds_set_external_master', 'slave_exec_mode', 'MASTER_POS_WAIT'],
    ['rds-mysql-8.4', 'rds_set_external_source', 'replica_exec_mode', 'SOURCE_POS_WAIT'],
  ])('%s', async (dialect, set, mode, wait) => {
    const { divergence, endOfActive: end } = story
    const { status, steps, finish } = await plan(dialect)
    expect(status).toBe(0)
    expect(steps).toEqual([
      `SELECT IF(GET_LOCK('binpoint repair', 0) = 1, 'no other repair runs here', ${fails}`,
      'SET @binpoint = 0 /*!50708 , SESSION max_execution_time = 0 */',
      account,
      given,
      `SELECT IF(@@GLOBAL.${mode} = 'IDEMPOTENT', 'rows that are there already are written again', ${fails}`,
      `SELECT IF(${wait}('${end.file}', ${end.position}, 3600) >= 0, 'the replica has executed what the plan has seen', ${fails}`,
      'CALL mysql.rds_stop_replication',
      'SET @file = (SELECT Master_log_name FROM mysql.slave_relay_log_info)',
      'SET @end = (SELECT Master_log_pos FROM mysql.slave_relay_log_info)',
      `SELECT IF(@file <> '' AND @end >= 4, CONCAT('the window ends at ', @file, ':', @end), ${fails}`,
      `CALL mysql.${set}(@source_host, @source_port, @replication_user, @replication_password, '${divergence.file}', ${divergence.position}, @replication_tls)`,
      'CALL mysql.rds_start_replication_until(@file, @end)',
      `DO ${wait}(@file, @end, 3600)`,
      'CALL mysql.rds_stop_replication',
    ])
    expect(finish).toEqual([
      `SELECT IF(@@GLOBAL.${mode} = 'STRICT', 'nothing behind the window is applied idempotently', ${fails}`,
      'CALL mysql.rds_start_replication',
      `SELECT IF(${wait}(@file, @end, 3600) >= 0, 'ok', ${fails}`,
    ])
  })

  test('rds-mysql-8.0 says in its text what people have to do before it and after it', async () => {
    const args = ['repair', '--from', from, '--source', active, '--dialect', 'rds-mysql-8.0', '--index', freshIndex()]
    const { stdout } = await binpoint(args)
    expect(stdout).toContain('set slave_exec_mode to IDEMPOTENT in its parameter group before the script')
    expect(stdout).toContain('-- set slave_exec_mode to IDEMPOTENT in the parameter group first: fails until it is;')
    expect(stdout).toContain(`
-- When it is through, set the mode back to STRICT in the parameter group, and finish the repair with
--   SET @file = 'FILE', @end = POSITION; -- as this script has printed: the window ends at FILE:POSITION
`)
    expect(stdout).not.toMatch(/^(STOP|START|CHANGE|SET GLOBAL)/m)
  })
})

describe('no plan', () => {
  test.each([
    ['aurora-2', 'offers no slave_exec_mode among its parameters'],
    ['aurora-3', 'offers no slave_exec_mode among its parameters'],
    ['cloudsql-mysql-8.0', 'mysql.setupExternalSource is for sources with GTIDs'],
    // Nothing shows what a MariaDB has executed while it runs, and only a replica that is looked at is known to be stopped.
    ['rds-mariadb-10.11', 'Stop it (CALL mysql.rds_stop_replication), and plan again with --replica'],
  ])('for %s', async (dialect, because) => {
    const { status, steps, findings } = await plan(dialect)
    const blocking = findings.filter(({ severity }) => severity === 'blocking')
    expect({ status, steps, blocking }).toEqual({
      status: 1,
      steps: [],
      blocking: [expect.objectContaining({ code: 'UNSUPPORTED_SERVER', message: expect.stringContaining(because) })],
    })
  })

  test('by a strategy that the service does not allow', async () => {
    const args = ['repair', '--from', from, '--source', active, '--dialect', 'rds-mysql-8.0', '--strategy', 'apply']
    const { status, stderr } = await binpoint([...args, '--index', freshIndex()])
    expect({ status, stderr }).toEqual({ status: 64, stderr: expect.stringContaining('strategy apply is not for rds-mysql-8.0') })
  })
})

test.each(['rds-mysql-5.7', 'rds-mysql-8.4', 'rds-mariadb-10.11'])('no file name breaks out of a call of %s', (text) => {
  const procedures = parseDialect(text).managed?.procedures
  for (const file of [`x'); DROP TABLE t; -- `, String.raw`x\'); DROP TABLE t; -- `, 'x\n', "''", '𝒳']) {
    const call = procedures?.setSource({ file, position: 4 }) ?? ''
    const bare = call.replaceAll(/'(?:[^'\\]|'')*'/gs, '?').replaceAll(/X\?/g, '?')
    expect(bare).toMatch(/^CALL mysql\.rds_set_external_(master|source)\((@\w+, ){4}\?, 4, @replication_tls\)$/)
  }
})

test.each([
  ['rds', { version: '8.4.3', basedir: '/rdsdbbin/mysql-8.4.3/', auroraVersion: null }],
  ['aurora', { version: '8.0.39', basedir: '/rdsdbbin/oscar/', auroraVersion: '3.08.0' }],
  ['cloudsql', { version: '8.0.31-google', basedir: '/usr/', auroraVersion: null }],
  [null, { version: '8.0.31', basedir: '/usr/', auroraVersion: null }],
])('%s is known by what it says of itself', (provider, server) => {
  expect(providerOf(server)).toBe(provider)
})

test.each([
  ['rds-mysql-8.0', 'rds-mysql-8.0'],
  ['RDS-MariaDB-10.11', 'rds-mariadb-10.11'],
  ['aurora-2', 'aurora-2'],
  ['aurora-3', 'aurora-3'],
  ['cloudsql-mysql-8.0', 'cloudsql-mysql-8.0'],
])('--dialect %s is %s', (text, name) => {
  expect(parseDialect(text).name).toBe(name)
})

test.each(['rds', 'rds-', 'rds-oracle', 'aurora', 'aurora-4', 'cloudsql-mariadb-10.6'])('--dialect %s is none', (text) => {
  expect(() => parseDialect(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
