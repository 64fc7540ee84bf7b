/**
 * gtid_slave_pos put back to where the restart is, in the source's domains only: the other domains belong to other connections. Only
 * transactions of these domains are replayed, up to what had been executed in them.
 */
import type { GtidListEntry } from '../../binlog/gtidSet.ts'
import { GtidPosition } from '../../binlog/gtidSet.ts'
import type { Finding } from '../../findings.ts'
import { formatDecision } from '../ddlFindings.ts'
import { filterFindings } from '../filters.ts'
import { finding } from '../findings.ts'
import { mustBe } from '../proof.ts'
import type { ReplicaFacts } from '../replica.ts'
import type { Situation } from '../situation.ts'
import { downstream, needsReplica, otherChannels, ownEvents, strictGtids } from './common.ts'
import { beginSteps, replayIdempotently, step } from './steps.ts'
import type { PrintedPlan, Strategy } from './strategy.ts'

export const gtidMariadb: Strategy = {
  name: 'gtid',
  findings: (situation) => {
    const { replica, window } = situation
    if (replica === null) return [needsReplica('gtid')]
    return [
      ...unplaced(situation, replica),
      ...currentPos(replica),
      ...strictGtids(replica),
      ...ownEvents(situation),
      ...filterFindings(window, replica.filters),
      ...otherChannels(replica),
      ...downstream(situation),
      ...steppedOver(situation),
    ]
  },
  script: (situation) => {
    const { replica } = situation
    if (replica === null) throw new Error('a script for a replica that nobody looked at')
    return scriptOf(situation, replica)
  },
}

function unplaced({ gtidsBefore }: Situation, replica: ReplicaFacts): Finding[] {
  if (gtidsBefore !== null && (replica.gtidSlavePos ?? '') !== '') return []
  return [
    finding(
      'UNSUPPORTED_SERVER',
      'blocking',
      'strategy gtid needs a log that says its GTIDs, and a replica that has a position in them (gtid_slave_pos). Use --strategy coordinates',
    ),
  ]
}

/** A position by GTID cannot leave out a part of the window. */
function steppedOver({ ddl }: Situation): Finding[] {
  const decision = ddl?.decisions.find(({ verdict }) => verdict.verdict === 'step-over')
  if (decision === undefined) return []
  return [finding('DDL_IN_WINDOW', 'blocking', `${formatDecision(decision)}: strategy gtid cannot. Use --strategy coordinates`)]
}

/** With writes of its own the position that it connects with is not gtid_slave_pos: the rewind would be a silent no-op. */
function currentPos(replica: ReplicaFacts): Finding[] {
  if (!/^current_pos$/i.test(replica.usingGtid ?? '')) return []
  return [
    finding(
      'GTID_SKIP',
      'blocking',
      'the replica connects with its current position (MASTER_USE_GTID = current_pos), in which its own writes count: a position that is put back would be passed over without a word. Use --strategy coordinates, or switch it to slave_pos first',
    ),
  ]
}

/** `gtid_slave_pos` for the restart: the window's domains as they were before it, the others as they are. */
export function rewoundPosition(domains: ReadonlySet<number>, gtidsBefore: string, slavePos: string): string {
  const rewound = new GtidPosition()
  for (const entry of entriesOf(slavePos)) if (!domains.has(entry.domain)) put(rewound, entry)
  for (const entry of entriesOf(gtidsBefore)) if (domains.has(entry.domain)) put(rewound, entry)
  return rewound.toString()
}

/** How far the replay goes: what is executed now in the window's domains. */
export function positionToReach(domains: ReadonlySet<number>, slavePos: string): string {
  const reached = new GtidPosition()
  for (const entry of entriesOf(slavePos)) if (domains.has(entry.domain)) put(reached, entry)
  return reached.toString()
}

function entriesOf(position: string): readonly GtidListEntry[] {
  return (GtidPosition.parse(position) ?? new GtidPosition()).entries()
}

function put(position: GtidPosition, { domain, serverId, sequence }: GtidListEntry): void {
  position.set(domain, serverId, sequence)
}

function scriptOf(situation: Situation, replica: ReplicaFacts): PrintedPlan {
  const { dialect, channel, waitSeconds, window, gtidsBefore } = situation
  const slavePos = replica.gtidSlavePos ?? ''
  const end = positionToReach(window.domains, slavePos)
  return {
    steps: [
      ...beginSteps(dialect, replica.identity),
      step('stop', dialect.stop(channel), 'the position can only be set while nothing replicates'),
      step(
        'still',
        mustBe(`@@GLOBAL.gtid_slave_pos = '${slavePos}'`, 'the replica stands where it stood'),
        'the plan is for the replica where it was stopped: fails if it has moved since; then start it and plan again, with the replica stopped',
      ),
      ...replayIdempotently(dialect, channel, {
        begin: [
          step(
            'position',
            `SET GLOBAL gtid_slave_pos = '${rewoundPosition(window.domains, gtidsBefore ?? '', slavePos)}'`,
            "the restart; the other connections' domains stay",
          ),
          step('follow', dialect.followGtids('slave_pos', channel), ''),
          step('replay', dialect.startUntilGtids(end, channel), 'replays up to what had been executed'),
        ],
        wait: dialect.gtidWait(`'${end}'`, waitSeconds),
        isReplayed: `${dialect.gtidWait(`'${end}'`, 1)} = 0`,
      }),
    ],
    undo: [
      { sql: dialect.stop(channel) },
      { sql: `SET GLOBAL ${dialect.execMode} = '${replica.execMode}'` },
      { sql: `SET GLOBAL gtid_slave_pos = '${slavePos}'` },
      ...(replica.usingGtid === null || /^no$/i.test(replica.usingGtid)
        ? [{ sql: dialect.changeTo(replica.executed, channel) }]
        : []),
      { sql: dialect.start(channel) },
    ],
    resume: [],
    afterwards: [],
  }
}
