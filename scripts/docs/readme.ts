/**
 * What the README shows of commands is what they print: a comment `<!-- run: ARGUMENTS -->` stands before a fenced block with the output
 * of `binpoint ARGUMENTS`, and `<!-- help -->` before one with the help of every command. Where the arguments name mysql://repl@db1:3306,
 * the Rollbar story's binlogs are served there by `replay`.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { commands } from '../../src/cli/commands/all.ts'
import { startReplay } from '../../src/source/replay.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const shown = 'db1:3306'

/** The page with its blocks renewed. Throws when a command fails, or when the page has none. */
export async function renewed(page: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'binpoint-docs-'))
  await using replay = await startReplay({ paths: [join(root, 'fixtures/rollbar/active')] })
  const address = `${replay.host}:${replay.port}`
  const binpoint = async (words: string): Promise<string> => {
    const args = (words.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '').replaceAll(shown, address))
    const env = { ...process.env, BINPOINT_INDEX: join(folder, 'index.sqlite'), HOME: folder, NO_COLOR: '1' }
    const { stdout } = await run(process.execPath, [join(root, 'src/bin.ts'), ...args], { cwd: root, env })
    return stdout.replaceAll(address, shown)
  }
  try {
    const blocks = [...page.matchAll(/<!-- (?:run: (.+?)|help) -->\n```\w*\n[\s\S]*?```\n/g)]
    if (blocks.length === 0) throw new Error('the page has no block that a command makes')
    let made = ''
    let from = 0
    for (const block of blocks) {
      const [whole, words] = block
      made += page.slice(from, block.index) + (words === undefined ? await help(binpoint) : await output(words, binpoint))
      from = block.index + whole.length
    }
    return made + page.slice(from)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function output(words: string, binpoint: (words: string) => Promise<string>): Promise<string> {
  const text = await binpoint(words)
  return `<!-- run: ${words} -->\n\`\`\`console\n$ binpoint ${words}\n${text.trimEnd()}\n\`\`\`\n`
}

async function help(binpoint: (words: string) => Promise<string>): Promise<string> {
  const texts = [await binpoint('--help')]
  for (const { usage } of commands) texts.push(await binpoint(`${usage.split(' ')[0]} --help`))
  return `<!-- help -->\n\`\`\`text\n${texts.map((text) => text.trim()).join(`\n\n${'-'.repeat(100)}\n\n`)}\n\`\`\`\n`
}
