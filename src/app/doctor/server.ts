/** What is looked at in the same way on both servers: the connection, the version, and what the account may do. */
import type { About } from '../../server/inspect/about.ts'
import { aboutServer } from '../../server/inspect/about.ts'
import type { Privileges } from '../../server/inspect/privileges.ts'
import { privilegesOf } from '../../server/inspect/privileges.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { addressText } from '../../server/address.ts'
import { text } from '../../server/rows.ts'
import { isKnown } from '../../dialect/flavor.ts'
import type { Need, Needs } from '../../dialect/privileges.ts'
import { grantStatement, needsOf } from '../../dialect/privileges.ts'
import type { Check, Reporter } from './check.ts'

export interface Patient {
  readonly connection: ServerConnection
  readonly about: About
  readonly privileges: Privileges
  readonly needs: Needs
  /** As CURRENT_USER() gives it. */
  readonly account: string
}

/** Throws UNSUPPORTED_SERVER, and what the connection throws. */
export async function examine(connection: ServerConnection): Promise<Patient> {
  const about = await aboutServer(connection)
  const [row] = await connection.query('SELECT CURRENT_USER() AS account')
  return {
    connection,
    about,
    privileges: await privilegesOf(connection),
    needs: needsOf(about.flavor),
    account: text(row, 'account'),
  }
}

export async function connectionChecks({ connection, about, account }: Patient, report: Reporter): Promise<Check[]> {
  return [
    report.pass('reachable', `connected to ${addressText(connection.address)} as ${account}`),
    await tlsCheck(connection, report),
    isKnown(about.flavor)
      ? report.pass('version', `version ${about.version}`)
      : report.warn('version', `version ${about.version} is older than what this was tried on (MySQL 5.5, MariaDB 10.0)`),
  ]
}

async function tlsCheck({ address, query }: ServerConnection, report: Reporter): Promise<Check> {
  if (address.socketPath !== undefined) return report.pass('tls', 'the connection is a local socket')
  const [row] = await query("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
  const cipher = text(row, 'Value')
  if (cipher === '')
    return report.warn('tls', 'the connection is not encrypted', '--ssl-mode REQUIRED (the server must have TLS)')
  const mode = address.tls?.mode ?? 'PREFERRED'
  if (mode === 'VERIFY_CA' || mode === 'VERIFY_IDENTITY')
    return report.pass('tls', `encrypted with ${cipher}, and the server is verified`)
  return report.pass(
    'tls',
    `encrypted with ${cipher}; the server's certificate is not verified (--ssl-mode VERIFY_IDENTITY does)`,
  )
}

/** `what`: what it is for, behind `may`. */
export function privilegeCheck(
  { privileges, account }: Patient,
  report: Reporter,
  asked: { readonly id: string; readonly need: Need; readonly isNeeded: boolean; readonly what: string },
): Check {
  const { id, need, isNeeded, what } = asked
  if (privileges.hasAny(need.grant, ...need.or)) return report.pass(id, `may ${what}`)
  return report[isNeeded ? 'fail' : 'warn'](id, `may not ${what}`, grantStatement(need.grant, account))
}
