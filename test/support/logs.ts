/** The fixture logs as folders and files, and copies of them that a test may change. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../../fixtures')

export interface FixtureLog {
  /** `grammar/mysql-5.6`. */
  readonly name: string
  readonly folder: string
  readonly files: readonly FixtureFile[]
}

export interface FixtureFile {
  /** `grammar/mysql-5.6/mysql-bin.000001`. */
  readonly name: string
  readonly file: string
  readonly path: string
}

/** Every folder with binlogs, those of the encrypted ones too. */
export const fixtureLogs: readonly FixtureLog[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('mysql-bin.index'))
  .map((path) => path.replace(/\/mysql-bin\.index$/, ''))
  .sort()
  .map((name) => ({ name, folder: join(root, name), files: filesOf(name) }))

export const fixtureFiles: readonly FixtureFile[] = fixtureLogs.flatMap((log) => log.files)

export function fixtureLog(name: string): FixtureLog {
  const found = fixtureLogs.find((log) => log.name === name)
  if (found === undefined) throw new Error(`there is no fixture ${name}`)
  return found
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function filesOf(name: string): FixtureFile[] {
  return readdirSync(join(root, name))
    .filter((file) => /^mysql-bin\.\d+$/.test(file))
    .sort()
    .map((file) => ({ name: `${name}/${file}`, file, path: join(root, name, file) }))
}
