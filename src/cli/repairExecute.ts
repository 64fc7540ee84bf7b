/** `repair --execute` and `repair --undo`: what is shown and asked around the doing, which is app/execute. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ExecuteRequest, Executed } from '../app/execute/execute.ts'
import { execute, undo } from '../app/execute/execute.ts'
import type { Journal } from '../app/execute/journal.ts'
import { beginJournal, openJournalOf, resumeJournal } from '../app/execute/journal.ts'
import type { Planned } from '../app/repair.ts'
import { planRepair } from '../app/repair.ts'
import type { IndexStore } from '../core/evidence/port.ts'
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

interface Servers {
  readonly source: ServerAddress
  readonly replica: ServerAddress
}

export async function executeRepair(args: Arguments, shell: Shell, options: RepairOptions): Promise<ExitStatus> {
  await using open = new AsyncDisposableStack()
  using known = openIndex(args, shell)
  const servers = await serversOf(args, shell, known)
  const folder = journalFolder(args, shell)
  const replica = open.use(await connectTo(servers.replica, args))
  const { facts } = await inspection(replica, args)
  const left = openJournalOf(folder, facts.identity, textOf(args, 'channel') ?? '')
  if (left !== null) {
    await confirm(
      args,
      shell,
      `A repair of ${facts.address} was broken off (${left}).\nIt is gone on with now; what is asked for now is left for after it.\n`,
    )
    using journal = resumeJournal(left)
    return report(args, shell, null, await run(args, shell, known, open, servers, journal))
  }
  const start = await options.start()
  const { request } = await preparePlan(args, shell, known, open, start, options)
  const planned = await planRepair(request)
  const { result } = planned
  if (result.plan === null || result.findings.some((f) => f.severity === 'blocking')) return report(args, shell, planned, null)
  await confirm(args, shell, renderPlan(result, result.plan))
  const { plan } = result
  using journal = beginJournal(
    folder,
    {
      replica: facts.identity,
      address: facts.address,
      channel: textOf(args, 'channel') ?? '',
      source: plan.source,
      strategy: plan.strategy,
      dialect: plan.dialect,
      restart: plan.restart,
      accept: [...options.accept],
    },
    shell.nowUs(),
  )
  note(`binpoint: the journal is ${journal.path}`, args, shell)
  return report(args, shell, planned, await run(args, shell, known, open, servers, journal))
}

export async function undoRepair(args: Arguments, shell: Shell): Promise<ExitStatus> {
  await using open = new AsyncDisposableStack()
  using known = openIndex(args, shell)
  const servers = await serversOf(args, shell, known)
  using journal = resumeJournal(textOf(args, 'undo') ?? '')
  await undo(await executeRequest(args, shell, known, open, servers, journal))
  note(`binpoint: ${journal.head.address} is as it was before the repair`, args, shell)
  return Exit.OK
}

async function run(
  args: Arguments,
  shell: Shell,
  known: IndexStore,
  open: AsyncDisposableStack,
  servers: Servers,
  journal: Journal,
): Promise<Executed> {
  return execute(await executeRequest(args, shell, known, open, servers, journal))
}

async function executeRequest(
  args: Arguments,
  shell: Shell,
  known: IndexStore,
  open: AsyncDisposableStack,
  servers: Servers,
  journal: Journal,
): Promise<ExecuteRequest> {
  const log: LogSource = open.use(await sourceOf(args, shell, known))
  const { inspectSource } = await import('../server/inspect/source.ts')
  const progress = await createStepProgress(args, shell)
  open.defer(() => progress.stop())
  return {
    journal,
    plan: {
      source: log,
      access: { source: servers.source, replica: servers.replica },
      executes: true,
      channel: journal.head.channel,
      waitSeconds: waitSecondsOf(args),
      nowUs: shell.nowUs(),
      signal: shell.signal,
    },
    refresh: async () => refresh(known, log, await needOf(journal.head.restart, log), args, shell, open),
    connectReplica: () => connectTo(servers.replica, args),
    connectSource: () => connectTo(servers.source, args),
    inspect: (connection) => inspection(connection, args),
    inspectSource: (connection, { identity }) => inspectSource(connection, identity),
    signal: shell.signal,
    onProgress: progress.update,
    onNote: (text) => note(`binpoint: ${text}`, args, shell),
  }
}

async function serversOf(args: Arguments, shell: Shell, known: IndexStore): Promise<Servers> {
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

function report(args: Arguments, shell: Shell, planned: Planned | null, executed: Executed | null): ExitStatus {
  const result = planned?.result ?? executed?.refusal ?? null
  if (isSet(args, 'json')) shell.stdout(documentOf(repairJson(result, executed)))
  else if (executed !== null) shell.stdout(renderExecuted(executed))
  else if (result !== null) shell.stdout(renderRefusal(result))
  return executed?.outcome === 'healed' ? Exit.OK : Exit.NO
}
