/** A repair as a process that is broken off: what it is asked, and what its journal says meanwhile. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Pair, ServerKind } from '../support/servers/index.ts'
import { checksums, execMode, expectGreen } from '../repair/story.ts'

export interface Setting {
  readonly kind: ServerKind
  readonly strategy: string
  readonly more?: readonly string[]
}

export const settings: readonly Setting[] = [
  { kind: 'mysql-5.6', strategy: 'coordinates' },
  { kind: 'mysql-9.7', strategy: 'apply' },
  { kind: 'mysql-9.7', strategy: 'gtid', more: ['--accept', 'GTID_RESET'] },
  { kind: 'mariadb-10.11', strategy: 'coordinates' },
  { kind: 'mariadb-10.11', strategy: 'gtid' },
]

export async function expectRepaired(pair: Pair): Promise<void> {
  const { active, passive } = pair
  await pair.caughtUp()
  expect(await checksums(passive)).toEqual(await checksums(active))
  expect(await execMode(passive)).toBe('STRICT')
  await expectGreen(passive)
  await expectGreen(active)
}

export function journalOf(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.endsWith('.jsonl'))
}

/** Empty while there is none. */
export function journalText(folder: string): string {
  const name = journalOf(folder)
  return name === undefined ? '' : readFileSync(join(folder, name), 'utf8')
}

export async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 60_000; !isSo() && Date.now() < giveUpAt;) await sleep(1)
}

export interface TemporaryFolder extends Disposable {
  readonly path: string
  readonly clear: () => void
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'binpoint-broken-off-'))
  return {
    path,
    clear: () => {
      for (const name of readdirSync(path)) rmSync(join(path, name))
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}
