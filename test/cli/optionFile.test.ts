/** Option files are read as the servers' own my_print_defaults reads them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readOptionFiles } from '../../src/cli/optionFile.ts'
import { program } from '../support/servers/cache.ts'
import type { ServerKind } from '../support/servers/index.ts'
import { runAnyway } from '../support/servers/run.ts'
import { describeWith } from '../support/servers/with.ts'
import { temporaryFolder } from './run.ts'

function read(text: string, suffix?: string): Record<string, string> {
  const file = join(temporaryFolder(), 'my.cnf')
  writeFileSync(file, text)
  return Object.fromEntries(readOptionFiles({ home: '/nonexistent', only: file, suffix }))
}

const texts: readonly (readonly [name: string, text: string])[] = [
  ['plain values', '[client]\nuser=repl\nhost = db1 \n  port=3306\n\tsocket=/run/x.sock\n'],
  ['only the wanted groups', '[mysqld]\nuser=mysql\n[client]\nuser=repl\n[mysqldump]\nuser=dump\n'],
  ['a group twice, the later value wins', '[client]\nuser=a\n[x]\nuser=b\n[client]\nuser=c\n'],
  ['comments', '# one\n; two\n[client] # three\nuser=repl # four\nhost=db1#five\npassword="a#b" # six\n#user=x\n'],
  ['a sharp sign in a password', "[client]\npassword=ab#cd\n[client]\nsocket='ab#cd'\n"],
  ['quotes', `[client]\npassword="a b"\nuser='a "b" c'\nhost="it's"\nsocket="half\n`],
  ['escapes', String.raw`[client]` + '\n' + String.raw`password=a\sb\tc\\d\qe` + '\n' + String.raw`user="x\"y"` + '\n'],
  ['an escaped quote before a sharp sign', '[client]\npassword="a\\"#b" # c\n'],
  ['dashes and underscores', '[client]\nssl-ca=/a\nssl_cert=/b\n'],
  ['values with equals signs', '[client]\npassword=a=b=c\nuser = =x\n'],
  ['an empty value', '[client]\npassword=\nuser=repl\n'],
  ['carriage returns', '[client]\r\nuser=repl\r\nhost=db1\r\n'],
  ['spaces in a group', '[client ]\nuser=repl\n'],
]

describe('an option file', () => {
  test('is read by groups, with a suffix where it is asked for', () => {
    const text = '[client]\nuser=a\nhost=h\n[client_two]\nuser=b\n[binpoint]\nport=1\n[binpoint_two]\nport=2\n[mysql]\nuser=x\n'
    expect(read(text)).toEqual({ user: 'a', host: 'h', port: '1' })
    expect(read(text, '_two')).toEqual({ user: 'b', host: 'h', port: '2' })
  })

  test('includes others', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'conf.d'))
    writeFileSync(join(folder, 'conf.d', 'b.cnf'), '[client]\nuser=from-b\nhost=from-b\n')
    writeFileSync(join(folder, 'conf.d', 'a.cnf'), '[client]\nuser=from-a\n')
    writeFileSync(join(folder, 'conf.d', 'c.txt'), '[client]\nuser=from-c\n')
    writeFileSync(join(folder, 'other.cnf'), '[client]\nport=3310\n')
    const file = join(folder, 'my.cnf')
    writeFileSync(file, `[client]\nuser=own\n!includedir ${folder}/conf.d\n!include ${folder}/other.cnf\n`)
    expect(Object.fromEntries(readOptionFiles({ home: folder, only: file }))).toEqual({
      user: 'from-b',
      host: 'from-b',
      port: '3310',
    })
  })

  test('that includes itself is refused', () => {
    const file = join(temporaryFolder(), 'my.cnf')
    writeFileSync(file, `!include ${file}\n`)
    expect(() => readOptionFiles({ home: '/nonexistent', only: file })).toThrow(expect.objectContaining({ code: 'OPTION_FILE' }))
  })

  test('with a line that is no option is refused, by file and line', () => {
    expect(() => read('[client]\nuser=a\n=b\n')).toThrow(/my\.cnf:3 is no option/)
  })
})

/** What every client reads of an option file. */
const clientGroups = {
  'mysql-9.7': ['client'],
  'mariadb-10.11': ['client', 'client-server', 'client-mariadb'],
} satisfies Partial<Record<ServerKind, readonly string[]>>

const textsOfMariaDb: readonly (readonly [name: string, text: string])[] = [
  ['the groups of all clients', '[client-mariadb]\nuser=a\n[mariadb]\nuser=b\n[client-server]\nsocket=/s\n[client]\nport=1\n'],
  ['the later of them wins', '[client]\nuser=a\nport=1\n[client-server]\nport=2\n[client-mariadb]\nuser=c\n'],
]

for (const kind of ['mysql-9.7', 'mariadb-10.11'] as const) {
  describeWith(kind, `my_print_defaults of ${kind} agrees on`, () => {
    test.each([...texts, ...(kind === 'mariadb-10.11' ? textsOfMariaDb : [])])('%s', async (_name, text) => {
      const file = join(temporaryFolder(), 'my.cnf')
      writeFileSync(file, text)
      const { command, args, env } = program(kind, 'client')
      const path = (args.at(-1) ?? '').replace(/[^/]+$/, 'my_print_defaults')
      const show = kind.startsWith('mysql') ? ['--show'] : []
      const printed = await runAnyway(
        command,
        [...args.slice(0, -1), path, `--defaults-file=${file}`, ...show, ...clientGroups[kind]],
        {
          env,
        },
      )
      expect(printed.exitCode).toBe(0)
      const theirs = new Map<string, string>()
      for (const option of printed.stdout.split('\n').filter((line) => line !== '')) {
        const [, name = '', value = ''] = /^--([^=]+)(?:=(.*))?$/s.exec(option) ?? []
        theirs.set(name.replaceAll('_', '-'), value)
      }
      expect(read(text)).toEqual(Object.fromEntries(theirs))
    })
  })
}
