/** What the README shows is what the commands print, and its two commands are there. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findingsPage } from '../scripts/docs/findings.ts'
import { renewed } from '../scripts/docs/readme.ts'
import { commands } from '../src/cli/commands/all.ts'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'README.md'), 'utf8')

test('the README shows what the commands print (make docs writes it again)', async () => {
  expect(page).toBe(await renewed(page))
})

test('the catalogue of findings is what explain prints (make docs writes it again), and the README leads to it', () => {
  expect(readFileSync(join(root, 'docs/findings.md'), 'utf8')).toBe(findingsPage())
  expect(page).toContain('(docs/findings.md)')
})

test('the README names every command, and targets that the Makefile has', () => {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8')
  for (const { usage } of commands) expect(page).toContain(`binpoint ${usage.split(' ')[0]}`)
  const targets = [...page.matchAll(/\bmake ([a-z]+)\b/g)].map(([, target]) => target)
  expect(targets).toEqual(expect.arrayContaining(['demo', 'test']))
  for (const target of targets) expect(makefile).toMatch(new RegExp(`^${target}:`, 'm'))
})
