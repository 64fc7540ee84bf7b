/**
 * A ready data directory per server, made once and copied for each start: initialised, with the accounts of `accounts`, cleanly shut
 * down, without a binlog and without an identity of its own (each copy makes a new server UUID).
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, folderOf, program, rootOf } from './cache.ts'
import { recipes } from './catalog.ts'
import type { Recipe, ServerKind } from './catalog.ts'
import { launch } from './launch.ts'
import { withLock } from './lock.ts'
import { baseOptions } from './options.ts'
import { run } from './run.ts'

/** Raise when the way of making a template changes: older ones are then not used. */
const templateVersion = 1

/** Accounts that each server has, for any host, beside `root` without a password on the socket. */
export const accounts = {
  /** May do everything. */
  admin: { user: 'admin', password: 'admin-password' },
  /** May read the binlog as a replica does, and ask where it is: nothing else. */
  reader: { user: 'reader', password: 'reader-password' },
} as const

/** Path of the template; makes it first if need be. */
export async function makeTemplate(kind: ServerKind): Promise<string> {
  const template = join(folderOf(kind), `data-${templateVersion}`)
  if (existsSync(template)) return template
  await withLock(join(cacheFolder(), `${kind}.lock`), async () => {
    if (existsSync(template)) return
    const folder = mkdtempSync(join(tmpdir(), 'binpoint-template-'))
    try {
      const data = join(folder, 'data')
      mkdirSync(join(folder, 'tmp'))
      await initialise(recipes[kind], folder, data)
      await addAccounts(kind, folder)
      for (const name of readdirSync(data)) if (/^auto\.cnf$|\.pid$|\.err$|^ib_buffer_pool$/.test(name)) rmSync(join(data, name))
      const unfinished = `${template}.unfinished`
      rmSync(unfinished, { recursive: true, force: true })
      cpSync(data, unfinished, { recursive: true })
      renameSync(unfinished, template)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
  return template
}

async function initialise(recipe: Recipe, folder: string, data: string): Promise<void> {
  const { command, args, env } = program(recipe.kind, 'server')
  const options = [...args, ...baseOptions(recipe, { data, tmp: join(folder, 'tmp') })]
  if (recipe.origin.from === 'npm') {
    cpSync(join(rootOf(recipe.kind), 'server/data/mysql'), data, { recursive: true })
    // The package's InnoDB logs are 48 MB each; the server makes smaller ones.
    for (const name of readdirSync(data)) if (name.startsWith('ib_logfile')) rmSync(join(data, name))
  } else if (recipe.family === 'mysql') {
    await run(command, [...options, '--initialize-insecure'], { env })
  } else {
    mkdirSync(join(data, 'mysql'), { recursive: true })
    await run(command, [...options, '--bootstrap'], { env, stdin: mariadbSystemTables(join(rootOf(recipe.kind), recipe.share)) })
  }
}

/** What mariadb-install-db pipes into the server, without the help texts. Bootstrap reads one statement a line. */
function mariadbSystemTables(share: string): string {
  const parts = ['system_tables', 'performance_tables', 'system_tables_data'].map((part) => {
    const file = [`mariadb_${part}.sql`, `mysql_${part}.sql`].map((name) => join(share, name)).find((name) => existsSync(name))
    if (file === undefined) throw new Error(`no SQL for the ${part} in ${share}`)
    return readFileSync(file, 'utf8')
  })
  return ['use mysql;', 'set @auth_root_socket=NULL;', 'set @skip_auth_anonymous=1;', ...parts, ''].join('\n')
}

/** Also brings the server's own files (certificates, logs of the right size) into being. */
async function addAccounts(kind: ServerKind, folder: string): Promise<void> {
  const { admin, reader } = accounts
  const statements = [
    // The npm package's data directory has accounts without a name, which match before named ones.
    ...(recipes[kind].origin.from === 'npm' ? [`DELETE FROM mysql.user WHERE user = ''`, `FLUSH PRIVILEGES`] : []),
    `CREATE USER '${admin.user}'@'%' IDENTIFIED BY '${admin.password}'`,
    `GRANT ALL ON *.* TO '${admin.user}'@'%' WITH GRANT OPTION`,
    `CREATE USER '${reader.user}'@'%' IDENTIFIED BY '${reader.password}'`,
    `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${reader.user}'@'%'`,
  ]
  const file = join(folder, 'accounts.sql')
  writeFileSync(file, statements.map((statement) => `${statement};\n`).join(''))
  const server = await launch(kind, folder, ['--skip-networking', '--skip-log-bin', `--init-file=${file}`])
  await server.shutDown()
}
