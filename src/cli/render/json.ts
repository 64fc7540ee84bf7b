/** The JSON that others rely on: numbers as numbers, times RFC 3339 UTC with microseconds. Described in schema/. */
import type { Executed } from '../../app/execute/execute.ts'
import type { IndexReport } from '../../app/index.ts'
import type { StatusReport } from '../../app/status.ts'
import type { WhenAnswer } from '../../app/when.ts'
import type { AnswerCoordinate, AtAnswer } from '../../core/answer.ts'
import { formatUtc } from '../../core/time/format.ts'
import type { RepairResult } from '../../core/plan/plan.ts'
import type { Transaction } from '../../core/transaction.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

function time(us: number | null): string | null {
  return us === null ? null : formatUtc(us)
}

function coordinate(at: AnswerCoordinate | null): Json {
  if (at === null) return null
  const { file, position, notBeforeUs, notAfterUs, gtid, serverId } = at
  return { file, position, notBefore: time(notBeforeUs), notAfter: time(notAfterUs), gtid, serverId }
}

export function atJson(answer: AtAnswer): Json {
  return {
    source: answer.source,
    asked: { time: formatUtc(answer.askedUs), effective: formatUtc(answer.effectiveUs) },
    outcome: answer.outcome,
    safe: coordinate(answer.safe),
    latest: coordinate(answer.latest),
    distance: answer.distance === null ? null : { ...answer.distance },
    gtidSet: answer.gtidSet,
    ...(answer.read === undefined
      ? {}
      : {
          read: {
            from: answer.read.from,
            provenBy: answer.read.provenBy,
            proven: time(answer.read.provenUs),
            headsRead: answer.read.headsRead,
            files: answer.read.files,
          },
        }),
    covered: {
      from: time(answer.covered.fromUs === Number.MAX_SAFE_INTEGER ? null : answer.covered.fromUs),
      to: time(answer.covered.toUs),
    },
    findings: answer.findings as unknown as Json,
  }
}

export function transactionJson(t: Transaction): Json {
  return {
    file: t.file,
    start: t.start,
    end: t.end,
    time: formatUtc(t.immediateCommitUs ?? t.lastStampSeconds * 1_000_000),
    commit: { notBefore: time(t.commit.notBeforeUs), notAfter: time(t.commit.notAfterUs) },
    gtid: t.gtid,
    serverId: t.serverId,
    threadId: t.threadId,
    kind: t.kind,
    tables: t.tables as unknown as Json,
    ...(t.statements.length === 0 ? {} : { statement: t.statements.map((statement) => statement.text).join(';\n') }),
    marks: [...t.marks],
    complete: t.complete,
  }
}

export function whenJson(answer: WhenAnswer): Json {
  return {
    source: answer.source,
    outcome: answer.outcome,
    transaction: answer.transaction === null ? null : transactionJson(answer.transaction),
    findings: answer.findings as unknown as Json,
  }
}

export function repairJson(result: RepairResult | null, executed: Executed | null): Json {
  const plan = result?.plan ?? null
  return {
    plan:
      plan === null
        ? null
        : {
            strategy: plan.strategy,
            dialect: plan.dialect,
            source: plan.source,
            restart: { ...plan.restart },
            window: {
              from: { ...plan.window.from },
              to: { ...plan.window.to },
              transactions: plan.window.transactions,
              bytes: plan.window.bytes,
              byTable: plan.window.byTable.map((table) => ({ ...table })),
            },
            steps: plan.steps.map((step) => ({ ...step })),
            undo: plan.undo.map((step) => ({ ...step })),
            resume: plan.resume.map((step) => ({ ...step })),
            afterwards: plan.afterwards.map((step) => ({ ...step })),
            finish: plan.finish.map(({ sql }) => ({ sql })),
          },
    findings: (result?.findings ?? []) as unknown as Json,
    considered: (result?.considered ?? []) as unknown as Json,
    executed: executed === null ? null : executedJson(executed),
  }
}

function executedJson({ outcome, journal, restart, transactions, proof }: Executed): Json {
  return {
    outcome,
    journal,
    restart: { ...restart },
    transactions,
    proof:
      proof === null
        ? null
        : {
            forward: { ...proof.forward },
            back: proof.back === null ? null : { ...proof.back },
            backUnseen: proof.backUnseen,
            tables: proof.tables as unknown as Json,
            otherwise: [...proof.otherwise],
            recreation: proof.recreation as unknown as Json,
          },
  }
}

export function indexJson(report: IndexReport, path: string): Json {
  return {
    index: path,
    source: report.source,
    outcome: report.outcome,
    replacedBecause: report.replacedBecause,
    transactions: report.transactions,
    files: report.files.map((file) => ({ name: file.name, from: file.coveredFrom, to: file.coveredEnd, endedBy: file.endedBy })),
    gaps: gapsJson(report.gaps, (ordinal) => report.files.find((file) => file.ordinal === ordinal)?.name ?? ''),
  }
}

export function statusJson(report: StatusReport): Json {
  return {
    index: report.path,
    bytes: report.bytes,
    logs: report.logs.map((log) => ({
      source: log.source,
      serverVersion: log.serverVersion,
      serverUuid: log.serverUuid,
      serverId: log.serverId,
      endedBy: log.endedBy,
      from: time(log.firstSecond === null ? null : log.firstSecond * 1_000_000),
      to: time(log.lastSecond === null ? null : log.lastSecond * 1_000_000),
      transactions: log.transactions,
      bytes: log.bytes,
      ticks: log.ticks,
      files: log.files.map((file) => ({ name: file.name, from: file.coveredFrom, to: file.coveredEnd, endedBy: file.endedBy })),
      gaps: gapsJson(log.gaps, (ordinal) => log.files.find((file) => file.ordinal === ordinal)?.name ?? ''),
      landmarks: log.landmarks,
    })),
  }
}

function gapsJson(gaps: readonly { file: number; position: number; cause: string }[], nameOf: (ordinal: number) => string): Json {
  return gaps.map((gap) => ({ file: nameOf(gap.file), position: gap.position, cause: gap.cause }))
}

/** One document, readable; for a line each use `lineOf`. */
export function documentOf(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

export function lineOf(value: Json): string {
  return `${JSON.stringify(value)}\n`
}
