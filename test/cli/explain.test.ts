/** explain, and that every code that the program can print is explained. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explanations } from '../../src/core/explanations.ts'
import { errorCodes } from '../../src/errors.ts'
import { binpoint, root } from './run.ts'
import { expectValid } from './schema.ts'

const codes = [...new Set(explanations.map((entry) => entry.code))]

test.each(codes)('explains %s in lines that fit', async (code) => {
  const { status, stdout, stderr } = await binpoint(['explain', code.toLowerCase().replaceAll('_', '-')])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(new RegExp(`^(finding|error) ${code}\n {2}\\S`))
  expect(stdout).toContain('why it matters\n  ')
  expect(stdout).toContain('what to do\n  ')
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('a code of a finding and of an error has both', async () => {
  const { stdout } = await binpoint(['explain', 'LOG_IDENTITY'])
  expect(stdout).toMatch(/^finding LOG_IDENTITY\n[\s\S]+\n\nerror LOG_IDENTITY\n/)
})

test('without a code: the list, and as JSON', async () => {
  const { status, stdout } = await binpoint(['explain'])
  expect(status).toBe(0)
  for (const code of codes) expect(stdout).toContain(`  ${code} `)
  const json = JSON.parse((await binpoint(['explain', '--json'])).stdout)
  expectValid('explain', json)
  expect(json.explanations).toHaveLength(explanations.length)
  const one = JSON.parse((await binpoint(['explain', 'DOWNSTREAM', '--json'])).stdout)
  expect(one.explanations).toMatchObject([{ code: 'DOWNSTREAM', kind: 'finding', isAcceptable: true }])
})

test('a slip is a usage error with the likely code', async () => {
  const slip = await binpoint(['explain', 'GTIDSKIP'])
  expect(slip).toMatchObject({ status: 64, stdout: '', stderr: expect.stringContaining('did you mean GTID_SKIP?') })
  const nothing = await binpoint(['explain', 'xyzzy'])
  expect(nothing).toMatchObject({ status: 64, stderr: expect.stringContaining('binpoint explain lists all of them') })
})

test('each part is one to four sentences of a line each', () => {
  for (const { code, means, matters, todo } of explanations) {
    for (const text of [means, matters, todo]) {
      const sentences = text.split(/(?<=[.?])\s+(?=[A-Z])/)
      expect({ code, text, n: sentences.length }).toSatisfy(({ n }: { n: number }) => n >= 1 && n <= 4)
      expect(text).toMatch(/^\S[^\n]*[.?]$/)
    }
  }
})

test('what the sources throw and find has a code that is explained', () => {
  const folder = join(root, 'src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const used = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/(?:BinpointError|\bfinding)\(\s*'([A-Z0-9_]+)'/g)].map(
      ([, code]) => code ?? '',
    ),
  )
  expect(used.length).toBeGreaterThan(50)
  expect(used.filter((code) => !codes.includes(code))).toEqual([])
  for (const code of Object.keys(errorCodes)) expect(codes).toContain(code)
})
