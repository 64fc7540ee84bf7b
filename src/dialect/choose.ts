/** Which dialect a server, or the word after `--dialect`, speaks. */
import type { Dialect } from '../core/plan/dialect.ts'
import { BinpointError } from '../errors.ts'
import type { Flavor } from './flavor.ts'
import { isAtLeast, parseFlavor } from './flavor.ts'
import type { Provider } from './managed.ts'
import { managedDialect } from './managed.ts'
import { mariaDbDialect } from './mariadb.ts'
import type { MysqlWords } from './mysql.ts'
import { mysqlDialect, mysqlWords } from './mysql.ts'

export function dialectOf(flavor: Flavor): Dialect {
  if (flavor.family === 'mariadb') {
    return isAtLeast(flavor, 10, 0, 2) ? mariaDbDialect('mariadb-10.0', true) : mariaDbDialect('mariadb-5.5', false)
  }
  const oldest: MysqlWords | undefined = mysqlWords[0]
  const words = mysqlWords.findLast(({ name }) => {
    const since = parseFlavor(`${name.replace('mysql-', '')}.0`)
    return since !== null && isAtLeast(flavor, since.major, since.minor, since.patch)
  })
  const chosen = words ?? oldest
  if (chosen === undefined) throw new Error('there is no dialect')
  return mysqlDialect(chosen)
}

/**
 * Parses `mysql-5.6`, `mysql-8.0`, `mysql-9`, `mariadb-10.11`, `mariadb`, and those of managed services: `rds-mysql-8.0`, `rds-mariadb-10.11`,
 * `cloudsql-mysql-8.0`, `aurora-2`, `aurora-3`. A version that is cut short means its last release.
 */
export function parseDialect(text: string): Dialect {
  const lower = text.toLowerCase()
  // What Aurora's versions are compatible with: 5.7, and 8.0.
  if (lower === 'aurora-2') return managedOf('aurora', 'mysql-5.7', text)
  if (lower === 'aurora-3') return managedOf('aurora', 'mysql-8.0', text)
  if (lower.startsWith('rds-')) return managedOf('rds', lower.slice('rds-'.length), text)
  if (lower.startsWith('cloudsql-mysql')) return managedOf('cloudsql', lower.slice('cloudsql-'.length), text)
  return dialectOf(flavorOfName(text, text))
}

function managedOf(provider: Provider, name: string, text: string): Dialect {
  const flavor = flavorOfName(name, text)
  return managedDialect(provider, flavor, dialectOf(flavor))
}

function flavorOfName(name: string, text: string): Flavor {
  const match = /^(mysql|mariadb)(?:-(\d+)(?:\.(\d+))?(?:\.(\d+))?)?$/i.exec(name)
  if (match === null || (match[1]?.toLowerCase() === 'mysql' && match[2] === undefined)) {
    throw new BinpointError('USAGE', `--dialect '${text}' is not known`, {
      hint: 'mysql-5.5, mysql-5.6, mysql-5.7, mysql-8.0, mysql-8.4, mysql-9, mariadb-10.11, mariadb-11.8, or a whole version such as mysql-8.0.22; of managed services rds-mysql-8.0, rds-mariadb-10.11, aurora-3, cloudsql-mysql-8.0',
    })
  }
  const [, family = '', major = '99', minor = '99', patch = '99'] = match
  const version = `${major}.${minor}.${patch}${family.toLowerCase() === 'mariadb' ? '-MariaDB' : ''}`
  const flavor = parseFlavor(version)
  if (flavor === null) throw new Error(`${version} is no version`)
  return flavor
}
