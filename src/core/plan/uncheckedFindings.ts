/** What is said when only a dialect is given: what nobody looked at. */
import type { Finding } from '../findings.ts'
import { finding } from './findings.ts'
import type { Window } from './window.ts'

export function uncheckedFindings(window: Window): Finding[] {
  const origins = [...window.origins.keys()]
  return [
    finding(
      'UNCHECKED',
      'warning',
      `no replica was given: whether it stands behind this coordinate, replicates from this source, runs with GTIDs, filters, has primary keys, or has written transactions of the window itself (their server_ids: ${origins.join(', ') || 'none'}) could not be checked. Give --replica to have it checked`,
      { origins },
    ),
    finding(
      'READS_GO_BACK',
      'warning',
      'while the window is replayed, its rows show old values: take the replica out of traffic and pause automatic failover',
    ),
  ]
}
