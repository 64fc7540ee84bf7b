/**
 * What is published: built into a folder of its own, as a package that the tools of a user see. Its program does what the sources
 * do, and loads no more than a command needs.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../../scripts/build/bundle.ts'
import { LICENSES_NAME } from '../../scripts/build/licenses.ts'
import { commands } from '../../src/cli/commands/all.ts'
import { runBinpoint } from './child.ts'
import type { Outcome } from './run.ts'
import { binpoint, fixtures, freshIndex, root } from './run.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'binpoint-test-'))
const program = join(folder, 'dist/bin.js')
const source = join(fixtures, 'rollbar/active')
const { divergence } = JSON.parse(readFileSync(join(fixtures, 'rollbar/story.json'), 'utf8'))

beforeAll(async () => {
  for (const name of ['package.json', 'LICENSE', 'README.md', 'CHANGELOG.md', 'schema', 'docs']) {
    cpSync(join(root, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')])
  await bundle(join(folder, 'dist'))
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the program', () => {
  test.each(['--version', '--help', ...commands.map(({ usage }) => `${usage.split(' ')[0]} --help`)])(
    'says %s',
    async (words) => {
      expect(await published(words.split(' '))).toEqual(await binpoint(words.split(' ')))
    },
  )

  test.each([
    [['at', divergence.time, '--source', source]],
    [['ls', '--source', source, '--json']],
    [['repair', '--at', divergence.time, '--source', source, '--dialect', 'mysql-5.6']],
    [['status']],
    [['replay', 'nowhere']],
    [['at', '2026-02-30T00:00:00Z']],
    [['at', '2026-03-29 02:30:00', '--tz', 'Europe/Berlin']],
    [['at', '--sorce', 'x']],
    [['att']],
    [[]],
  ])('does what the sources do: %j', async (args: string[]) => {
    const ofSources = await runBinpoint(args, { BINPOINT_INDEX: freshIndex() })
    const ofPublished = await published(args, { BINPOINT_INDEX: freshIndex() })
    expect(withoutIndex(ofPublished)).toEqual(withoutIndex(ofSources))
  })

  test('loads no package for `at` on files but the one of the index', async () => {
    const note = `import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) {
        const { url } = next(name, context)
        if (url.includes('/node_modules/')) process.stderr.write(url.match(/.*[/]node_modules[/]((@[^/]+[/])?[^/]+)/)[1] + '\\n')
        return { url, shortCircuit: true }
      } })`
    const hook = ['--import', `data:text/javascript,${encodeURIComponent(note)}`]
    const { stderr } = await run(process.execPath, [
      ...hook,
      program,
      'at',
      divergence.time,
      '--source',
      source,
      '--index',
      freshIndex(),
    ])
    expect(new Set(stderr.trim().split('\n'))).toEqual(new Set(['better-sqlite3']))
  })
})

describe('the package', () => {
  test('exports the library, with its types', async () => {
    writeFileSync(
      join(folder, 'user.ts'),
      `import { at, buildIndex, openSource, openStore } from 'binpoint'
       import type { AtAnswer } from 'binpoint'
       await using source = await openSource({ kind: 'files', paths: ['x'] })
       using store = openStore(':memory:')
       const { log } = await buildIndex({ store, source })
       // @ts-expect-error A time is no text.
       const answer: AtAnswer = await at({ store, log, source, timeUs: 'now', marginUs: null, skewUs: 0 })
       console.log(answer.safe?.file)`,
    )
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,esnext.disposable']
    await run(join(root, 'node_modules/.bin/tsc'), [...options, '--types', 'node', 'user.ts'], { cwd: folder })
    const names = "import * as library from 'binpoint'; console.log(JSON.stringify(Object.keys(library).sort()))"
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', names], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual(Object.keys(await import('../../src/index.ts')).toSorted())
  })

  test('holds what it needs and no more, with the licenses of what is bundled', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder })
    const packed: { files: { path: string }[] }[] = Object.values(JSON.parse(stdout))
    const files = packed.flatMap((one) => one.files.map(({ path }) => path))
    expect(files).toEqual(expect.arrayContaining(['dist/bin.js', 'dist/index.js', 'dist/index.d.ts', 'LICENSE', 'package.json']))
    expect(files.filter((path) => !/^(dist|schema|docs)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path))).toEqual([])

    const maps = readdirSync(join(folder, 'dist/chunks')).filter((name) => name.endsWith('.map'))
    const modules = maps.flatMap(
      (name) => JSON.parse(readFileSync(join(folder, 'dist/chunks', name), 'utf8')).sources as string[],
    )
    const bundled = modules
      .map((path) => /.*\/node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1])
      .filter((name) => name !== undefined)
    const licensed = readFileSync(join(folder, 'dist', LICENSES_NAME), 'utf8').matchAll(/(?:^|-{80}\n\n)(\S+) \d+\.\d+\.\d+\n\n/g)
    expect(new Set([...licensed].map(([, name]) => name))).toEqual(new Set(bundled))
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(bundled.filter((name) => name in dependencies)).toEqual([])
    expect(bundled).toContain('yargs')
  })
})

async function published(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const surroundings = { env: { PATH: process.env['PATH'], HOME: '/nonexistent/home', ...env } }
  try {
    return { status: 0, ...(await run(process.execPath, [program, ...args], surroundings)) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, stdout, stderr }
  }
}

/** Each run has an index of its own, whose path it may print. */
function withoutIndex(outcome: Outcome): Outcome {
  const without = (text: string): string => text.replaceAll(/\S*\/index\.sqlite/g, 'INDEX')
  return { ...outcome, stdout: without(outcome.stdout), stderr: without(outcome.stderr) }
}
