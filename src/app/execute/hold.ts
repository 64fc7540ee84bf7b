/** The servers of a repair are those that it was planned for, and nobody else repairs there. Asked anew on every connection. */
import type { ReplicaFacts } from '../../core/plan/replica.ts'
import { isOtherServer } from '../../core/plan/replica.ts'
import { BinpointError } from '../../errors.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { inspectSource } from '../../server/inspect/source.ts'
import type { Inspection } from '../repair.ts'
import type { Journal } from './journal.ts'

/** A repair that is at work, or was a moment ago, holds it. */
const LOCK_SECONDS = 10

/** The server that the journal is of, and alone on it. */
export async function holdReplica(journal: Journal, replica: ServerConnection, { dialect, facts }: Inspection): Promise<void> {
  const [same] = await replica.query(`SELECT ${dialect.isServer(journal.head.replica)} AS same`)
  if (String(same?.['same']) !== '1') {
    throw new BinpointError('REPLICA_MOVED', `${facts.address} is not the server that ${journal.path} is of`, {
      hint: 'give the replica that the repair was begun on',
    })
  }
  const [lock] = await replica.query(`SELECT GET_LOCK('binpoint repair', ${LOCK_SECONDS}) AS locked`)
  if (String(lock?.['locked']) !== '1') {
    throw new BinpointError('REPAIR_BUSY', `another repair is at work on ${facts.address}`, {
      hint: "wait for it to end; it holds the lock 'binpoint repair'",
    })
  }
}

/** What is compared in the end, and read on the way, is the server that the replica follows. */
export async function holdSource(source: ServerConnection, facts: ReplicaFacts): Promise<void> {
  const given = await inspectSource(source, facts.identity)
  const { host, port } = facts.source
  if (!isOtherServer(facts.source, given)) return
  throw new BinpointError(
    'LOG_IDENTITY',
    `${facts.address} replicates from ${host}:${port}, which is not the server ${given.address}`,
    {
      hint: 'give the server that it replicates from as --source',
    },
  )
}
