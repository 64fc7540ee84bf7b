/** Runs the SQL of a scenario: statements, and the control words of controls.ts between them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import type { Server } from '../support/servers/index.ts'
import { control } from './controls.ts'
import type { Run, SqlFile } from './scenario.ts'
import type { Stage } from './stage.ts'

/** In a session for each file, which ends with the file: settings of a session are gone with it. */
export async function play(stage: Stage, run: Run, phase: SqlFile['phase']): Promise<void> {
  for (const { server, path } of run.files.filter((file) => file.phase === phase)) {
    const on = stage.server(server)
    const writer: Writer = { connection: null }
    try {
      await playFile(stage, on, path, writer)
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    } finally {
      await writer.connection?.end().catch(() => undefined)
    }
  }
}

/** A restart of the server ends the session: the next statement opens another one. */
interface Writer {
  connection: Connection | null
}

async function playFile(stage: Stage, on: Server, path: string, writer: Writer): Promise<void> {
  for (const { kind, text } of partsOf(readFileSync(path, 'utf8'))) {
    if (kind === 'statement') {
      writer.connection ??= await on.connect()
      await writer.connection.query(text)
      continue
    }
    const [word = '', ...args] = text.split(/\s+/)
    if (word === 'include') await playFile(stage, on, join(import.meta.dirname, 'common', `${args[0]}.sql`), writer)
    else if (await control(stage, on, word, args)) writer.connection = null
  }
}

interface Part {
  readonly kind: 'statement' | 'control'
  readonly text: string
}

/** A statement ends with a semicolon at the end of a line. `-- @word` is a control word, another `--` a comment. */
function partsOf(sql: string): readonly Part[] {
  const parts: Part[] = []
  let statement = ''
  for (const line of sql.split('\n').map((one) => one.trim())) {
    if (line.startsWith('-- @')) parts.push({ kind: 'control', text: line.slice(4) })
    else if (!line.startsWith('--') && line !== '') {
      statement = `${statement} ${line}`.trim()
      if (!statement.endsWith(';')) continue
      parts.push({ kind: 'statement', text: statement.slice(0, -1) })
      statement = ''
    }
  }
  if (statement !== '') throw new Error(`no semicolon at the end of: ${statement}`)
  return parts
}
