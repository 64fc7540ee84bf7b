/**
 * Services where only the provider's procedures may touch replication, as their manuals have them:
 *
 * - Amazon RDS for MySQL: docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-stored-proc-replicating.html. rds_set_external_master up to
 *   8.0, rds_set_external_source since 8.4, with the same arguments (host, port, user, password, file, position, 1 for TLS); the account has to
 *   be given again, and autocommit must be on. rds_start_replication_until(file, position) in 5.7, since 8.0.26 and in 8.4.
 * - Amazon RDS for MariaDB: …/UserGuide/Appendix.MariaDB.SQLRef.html. The same procedures, but for rds_start_replication_until.
 * - Amazon Aurora MySQL: …/AuroraUserGuide/mysql-stored-proc-replicating.html. Has procedures like these, but its list of parameters
 *   (…/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html) has no slave_exec_mode and no replica_exec_mode.
 * - Google Cloud SQL: cloud.google.com/sql/docs/mysql/replication/custom-import-replication-from-external. Its setupExternalSource is for
 *   sources with GTIDs only.
 *
 * Which parameters a group of RDS has, no page says: `aws rds describe-engine-default-parameters` does. So a script for RDS asks the server.
 */
import type { Dialect, ManagedProcedures, ManagedService } from '../core/plan/dialect.ts'
import type { Flavor } from './flavor.ts'
import { isAtLeast } from './flavor.ts'

export type Provider = 'rds' | 'aurora' | 'cloudsql'

/** Amazon's servers live in /rdsdbbin, and Aurora has a variable for its own version; Google's say so in theirs (`8.0.31-google`). */
export function providerOf(server: {
  readonly version: string
  readonly basedir: string
  /** Null: the server has no such variable. */
  readonly auroraVersion: string | null
}): Provider | null {
  if (/-google\b/i.test(server.version)) return 'cloudsql'
  if (server.auroraVersion !== null) return 'aurora'
  return server.basedir.startsWith('/rdsdbbin') ? 'rds' : null
}

/** `base`: what the server would speak elsewhere. */
export function managedDialect(provider: Provider, flavor: Flavor, base: Dialect): Dialect {
  const managed = serviceOf(provider, flavor, base)
  const { procedures } = managed
  const named = { ...base, name: nameOf(provider, flavor), managed }
  if (procedures === null) return named
  return { ...named, stop: () => procedures.stop, start: () => procedures.start }
}

function nameOf(provider: Provider, { family, major, minor }: Flavor): string {
  if (provider === 'aurora') return major < 8 ? 'aurora-2' : 'aurora-3'
  return `${provider}-${family}-${major}.${minor}`
}

function serviceOf(provider: Provider, flavor: Flavor, base: Dialect): ManagedService {
  if (provider === 'aurora')
    return {
      service: 'Amazon Aurora MySQL',
      procedures: null,
      because: `it offers no ${base.execMode} among its parameters, so that a replay would stop at the first row that is there already`,
    }
  if (provider === 'cloudsql')
    return {
      service: 'Google Cloud SQL',
      procedures: null,
      because: 'its mysql.setupExternalSource is for sources with GTIDs, where a replica skips what it has executed',
    }
  return {
    service: `Amazon RDS for ${flavor.family === 'mysql' ? 'MySQL' : 'MariaDB'}`,
    procedures: rdsProcedures(flavor, base),
    because: '',
  }
}

function rdsProcedures(flavor: Flavor, { quote }: Dialect): ManagedProcedures {
  const isMysql = flavor.family === 'mysql'
  const set = isMysql && isAtLeast(flavor, 8, 4) ? 'mysql.rds_set_external_source' : 'mysql.rds_set_external_master'
  const hasUntil = isMysql && (isAtLeast(flavor, 8, 0, 26) || (flavor.major === 5 && flavor.minor === 7))
  return {
    stop: 'CALL mysql.rds_stop_replication',
    start: 'CALL mysql.rds_start_replication',
    startUntil: hasUntil ? (file, position) => `CALL mysql.rds_start_replication_until(${file}, ${position})` : null,
    setSource: ({ file, position }) =>
      `CALL ${set}(@source_host, @source_port, @replication_user, @replication_password, ${quote(file)}, ${position}, @replication_tls)`,
  }
}
