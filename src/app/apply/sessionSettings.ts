/** The session that ran a statement, as variables to set before it runs again: what mysqlbinlog prints, and an applier sets. */
import type { StatusVariables } from '../../core/binlog/statusVariables.ts'
import { SessionBit } from '../../core/binlog/statusVariables.ts'
import { quote } from '../../dialect/quote.ts'

/** SQL values by the variable's name. */
export type SessionSettings = ReadonlyMap<string, string>

/**
 * MySQL >= 8.0 refuses the modes that it no longer has (sql_mode: MODE_IGNORED_MASK in system_variables.h), and an applier drops them; none has
 * a meaning for rows or tables.
 */
const SQL_MODES = 0x1_ffff_ffffn & ~0x1003_ff00n

/**
 * Not among them: the client's character set, as statements are sent as UTF-8; collation_database, which counts for LOAD DATA alone;
 * autocommit, as transactions are opened by name.
 */
export function sessionSettings(variables: StatusVariables): SessionSettings {
  const { flags, sqlMode, charset, timeZone } = variables
  const values: Readonly<Record<string, string | number | boolean | null>> = {
    foreign_key_checks: flags === null ? null : (flags & SessionBit.NO_FOREIGN_KEY_CHECKS) === 0,
    unique_checks: flags === null ? null : (flags & SessionBit.RELAXED_UNIQUE_CHECKS) === 0,
    sql_auto_is_null: flags === null ? null : (flags & SessionBit.AUTO_IS_NULL) !== 0,
    sql_mode: sqlMode === null ? null : String(sqlMode & SQL_MODES),
    collation_connection: charset?.connection ?? null,
    collation_server: charset?.server ?? null,
    time_zone: timeZone === null ? null : quote(timeZone),
    lc_time_names: variables.lcTimeNames,
    explicit_defaults_for_timestamp: variables.explicitDefaultsForTimestamp,
    default_collation_for_utf8mb4: variables.defaultCollationForUtf8mb4,
    sql_require_primary_key: variables.sqlRequirePrimaryKey,
    default_table_encryption: variables.defaultTableEncryption,
  }
  const settings = new Map<string, string>()
  for (const [name, value] of Object.entries(values))
    if (value !== null) settings.set(name, typeof value === 'boolean' ? String(Number(value)) : String(value))
  return settings
}

/** Since which version a server knows a variable, where MySQL 5.7 does not: others skip it. */
const since = new Map([
  ['default_collation_for_utf8mb4', '80011'],
  ['sql_require_primary_key', '80013'],
  ['default_table_encryption', '80016'],
])

/** The statement that sets what differs from `known`; null: nothing does. */
export function settingStatement(settings: SessionSettings, known: SessionSettings): string | null {
  const changed = [...settings].filter(([name, value]) => known.get(name) !== value)
  if (changed.length === 0) return null
  const parts = changed.map(([name, value]) => {
    const version = since.get(name)
    return version === undefined ? `, SESSION ${name} = ${value}` : ` /*!${version} , SESSION ${name} = ${value} */`
  })
  return `SET @binpoint = 0${parts.join('')}`
}
