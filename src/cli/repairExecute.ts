/** `repair --execute` and `repair --undo`: what is shown and asked around the doing, which is app/execute. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ExecuteRequest, Executed } from '../app/execute/execute.ts'
import { execute, undo } from '../app/execute/execute.ts'
import type { Journal } from '../app/execute/journal.ts'
import { beginJournal, openJournalOf, resumeJournal } from '../app/execute/journal.ts'
import { repair } from '../app/repair.ts'
import type { IndexStore } from '../core/evidence/port.ts'
import type { RepairResult } from '../core/plan/plan.ts'
import type { ReplicaFacts } from '../core/plan/replica.ts'
import type { LogSource, ServerAddress } from '../core/ports.ts'
import { BinpointError } from '../errors.ts'
import type { Arguments } from './command.ts'
import { isSet, textOf } from './command.ts'
import { createStepProgress } from './progress.ts'
import { renderExecuted, renderPlan } from './render/executed.ts'
import { documentOf, repairJson } from './render/json.ts'
import { renderRefusal } from './render/script.ts'
import type { RepairOptions } from './repairPlan.ts'
import { connectTo, inspection, preparePlan, waitSecondsOf } from './repairPlan.ts'
import type { ExitStatus, Shell } from './shell.ts'
import { Exit } from './shell.ts'
import { serverAddress } from './spec.ts'
import { defaultIndexPath, indexPath, note, openIndex, refresh, needOf, sourceAddress, sourceOf } from './workplace.ts'

/** What the steps below have in common. */
interface Surroundings {
  readonly args: Arguments
  readonly shell: Shell
  readonly known: IndexStore
  readonly open: AsyncDisposableStack
  readonly source: ServerAddress
  readonly replica: ServerAddress
}

export async function executeRepair(args: Arguments, shell: Shell, options: RepairOptions): Promise<ExitStatus> {
  await using open = new AsyncDisposableStack()
  using known = openIndex(args, shell)
  const around = { args, shell, known, open, ...(await serversOf(args, shell, known)) }
  const folder = journalFolder(args, shell)
  const { identity, address } = await lookAt(around)
  const left = openJournalOf(folder, identity, textOf(args, 'channel') ?? '')
  if (left !== null) {
    await confirm(
      args,
      shell,
      `A repair of ${address} was broken off (${left}).\nIt is gone on with now; what is asked for now is left for after it.\n`,
    )
    using journal = resumeJournal(left)
    return report(args, shell, null, await execute(await executeRequest(around, journal)))
  }
  const result = await planOf(around, options)
  if (result.plan === null || result.findings.some((f) => f.severity === 'blocking')) return report(args, shell, result, null)
  await confirm(args, shell, renderPlan(result, result.plan))
  const { source, strategy, dialect, restart } = result.plan
  const channel = textOf(args, 'channel') ?? ''
  const head = { replica: identity, address, channel, source, strategy, dialect, restart, accept: [...options.accept] }
  using journal = beginJournal(folder, head, shell.nowUs())
  note(`binpoint: the journal is ${journal.path}`, args, shell)
  return report(args, shell, result, await execute(await executeRequest(around, journal)))
}

export async function undoRepair(args: Arguments, shell: Shell): Promise<ExitStatus> {
  await using open = new AsyncDisposableStack()
  using known = openIndex(args, shell)
  const around = { args, shell, known, open, ...(await serversOf(args, shell, known)) }
  using journal = resumeJournal(textOf(args, 'undo') ?? '')
  await undo(await executeRequest(around, journal))
  note(`binpoint: ${journal.head.address} is as it was before the repair`, args, shell)
  return Exit.OK
}

async function lookAt({ args, replica }: Surroundings): Promise<ReplicaFacts> {
  await using connection = await connectTo(replica, args)
  return (await inspection(connection, args)).facts
}

/** The connections of the plan end with it: a replay may take hours. */
async function planOf({ args, shell, known }: Surroundings, options: RepairOptions): Promise<RepairResult> {
  const start = await options.start()
  await using open = new AsyncDisposableStack()
  return await repair(await preparePlan(args, shell, known, open, start, options))
}

async function executeRequest(around: Surroundings, journal: Journal): Promise<ExecuteRequest> {
  const { args, shell, known, open, source, replica } = around
  const log: LogSource = open.use(await sourceOf(args, shell, known))
  const progress = await createStepProgress(args, shell)
  open.defer(() => progress.stop())
  return {
    journal,
    plan: {
      source: log,
      access: { source, replica },
      executes: true,
      channel: journal.head.channel,
      waitSeconds: waitSecondsOf(args),
      nowUs: shell.nowUs(),
      signal: shell.signal,
    },
    refresh: async () => refresh(known, log, await needOf(journal.head.restart, log), args, shell, open),
    connectReplica: () => connectTo(replica, args),
    connectSource: () => connectTo(source, args),
    inspect: (connection) => inspection(connection, args),
    signal: shell.signal,
    onProgress: progress.update,
    onNote: (text) => note(`binpoint: ${text}`, args, shell),
  }
}

async function serversOf(args: Arguments, shell: Shell, known: IndexStore): Promise<Pick<Surroundings, 'source' | 'replica'>> {
  const replica = textOf(args, 'replica')
  if (replica === undefined) {
    throw new BinpointError('USAGE', '--execute and --undo need --replica', {
      hint: 'give the server to repair as mysql://user@host:port',
    })
  }
  const source = await sourceAddress(args, shell, known)
  if (source === null) {
    throw new BinpointError('USAGE', '--execute needs the source as a server', {
      hint: "give mysql://user@host:port as --source: its data are compared with the replica's at the end",
    })
  }
  return { source, replica: await serverAddress(replica, args, shell) }
}

/** Beside the index; of an index in memory, where one on disk would be. */
function journalFolder(args: Arguments, shell: Shell): string {
  const path = indexPath(args, shell)
  const folder = dirname(path === ':memory:' ? defaultIndexPath(shell) : path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

async function confirm(args: Arguments, shell: Shell, plan: string): Promise<void> {
  if (!isSet(args, 'quiet')) shell.stderr(plan)
  if (isSet(args, 'yes')) return
  if (!shell.stderrIsTerminal) {
    throw new BinpointError('USAGE', '--execute asks before it begins, and there is no terminal to ask on', {
      hint: 'add --yes to have it done without asking',
    })
  }
  const answer = await shell.ask("Type 'yes' to do it: ")
  if (answer.trim() !== 'yes') throw new BinpointError('USAGE', 'not confirmed: nothing was changed')
}

function report(args: Arguments, shell: Shell, planned: RepairResult | null, executed: Executed | null): ExitStatus {
  const result = planned ?? executed?.refusal ?? null
  if (isSet(args, 'json')) shell.stdout(documentOf(repairJson(result, executed)))
  else if (executed !== null) shell.stdout(renderExecuted(executed))
  else if (result !== null) shell.stdout(renderRefusal(result))
  return executed?.outcome === 'healed' ? Exit.OK : Exit.NO
}
