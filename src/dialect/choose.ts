/** Which dialect a server, or the word after `--dialect`, speaks. */
import type { Dialect } from '../core/plan/dialect.ts'
import { BinpointError } from '../errors.ts'
import type { Flavor } from './flavor.ts'
import { isAtLeast, parseFlavor } from './flavor.ts'
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

/** Parses `mysql-5.6`, `mysql-8.0`, `mysql-9`, `mariadb-10.11`, `mariadb`. A version that is cut short means its last release. */
export function parseDialect(text: string): Dialect {
  const match = /^(mysql|mariadb)(?:-(\d+)(?:\.(\d+))?(?:\.(\d+))?)?$/i.exec(text)
  if (match === null || (match[1]?.toLowerCase() === 'mysql' && match[2] === undefined)) {
    throw new BinpointError('USAGE', `--dialect '${text}' is not known`, {
      hint: 'mysql-5.5, mysql-5.6, mysql-5.7, mysql-8.0, mysql-8.4, mysql-9, mariadb-10.11, mariadb-11.8, or a whole version such as mysql-8.0.22',
    })
  }
  const [, family = '', major = '99', minor = '99', patch = '99'] = match
  const version = `${major}.${minor}.${patch}${family.toLowerCase() === 'mariadb' ? '-MariaDB' : ''}`
  const flavor = parseFlavor(version)
  if (flavor === null) throw new Error(`${version} is no version`)
  return dialectOf(flavor)
}
