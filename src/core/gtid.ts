/** One GTID in text and in parts: MySQL's `uuid:number` and `uuid:tag:number`, MariaDB's `domain-server-sequence`. */

export type Gtid =
  | {
      readonly family: 'mysql'
      /** `uuid` or `uuid:tag`, in lower case. */
      readonly sid: string
      readonly number: number
    }
  | { readonly family: 'mariadb'; readonly domain: number; readonly serverId: number; readonly sequence: number }

/** Upper case and leading zeros are fine, as for the servers. Null: no GTID, or one with a number that no log reaches (2^53). */
export function parseGtid(text: string): Gtid | null {
  const mariadb = /^(\d+)-(\d+)-(\d+)$/.exec(text)
  if (mariadb !== null) {
    const [domain = 0, serverId = 0, sequence = 0] = mariadb.slice(1).map(Number)
    return Number.isSafeInteger(sequence) ? { family: 'mariadb', domain, serverId, sequence } : null
  }
  const mysql = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[a-z_][a-z0-9_]{0,31})?):(\d+)$/.exec(text.toLowerCase())
  const [, sid = '', number = ''] = mysql ?? []
  return mysql !== null && Number.isSafeInteger(Number(number)) ? { family: 'mysql', sid, number: Number(number) } : null
}

/** As a transaction shows it. */
export function formatGtid(gtid: Gtid): string {
  return gtid.family === 'mysql' ? `${gtid.sid}:${gtid.number}` : `${gtid.domain}-${gtid.serverId}-${gtid.sequence}`
}
