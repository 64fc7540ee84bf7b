import { doctor } from '../../app/doctor.ts'
import type { ServerAddress } from '../../core/ports.ts'
import type { ServerConnection } from '../../server/connection.ts'
import { nameOf, openSource } from '../../source/open.ts'
import type { Arguments, Command } from '../command.ts'
import { isSet, textOf } from '../command.ts'
import { renderDoctor } from '../render/doctor.ts'
import { documentOf } from '../render/json.ts'
import { styleFor } from '../render/text.ts'
import { Exit } from '../shell.ts'
import { serverAddress, sourceSpec } from '../spec.ts'
import { timeoutMs } from '../workplace.ts'

export const doctorCommand: Command = {
  description:
    'Looks at a source, and at the replica that is to be repaired, and says what is missing: privileges of the accounts, with the GRANT, and settings. Changes nothing. Exits 1 when a check fails.',
  examples: [
    'binpoint doctor mysql://repl@db1:3306',
    'binpoint doctor mysql://repair@db1:3306 mysql://repair@db2:3306',
    'binpoint doctor /var/lib/mysql',
  ],
  positionals: {
    SOURCE: 'mysql://user@host:port, h=host,u=user, or binlog files: a directory, an .index file, a file',
    REPLICA: 'the server that is to be repaired: mysql://user@host:port or h=host,u=user',
  },
  options: {
    channel: { type: 'string', requiresArg: true, describe: "the replica's channel or connection (default: the only one)" },
  },
  uses: ['server', 'output', 'answer'],
  run: async (args, shell) => {
    const spec = await sourceSpec([textOf(args, 'SOURCE') ?? ''], args, shell)
    const replica = textOf(args, 'REPLICA')
    const address = replica === undefined ? null : await serverAddress(replica, args, shell)
    const checks = await doctor({
      openLog: () => openSource(spec, { timeoutMs: timeoutMs(args) }),
      connectSource: spec.kind === 'files' ? null : () => connectTo(spec.address, args),
      connectReplica: address === null ? null : () => connectTo(address, args),
      channel: textOf(args, 'channel') ?? '',
      signal: shell.signal,
    })
    const names = { source: nameOf(spec), replica: address === null ? null : nameOf({ kind: 'server', address }) }
    shell.stdout(
      isSet(args, 'json')
        ? documentOf({ ...names, checks: checks.map((check) => ({ ...check })) })
        : renderDoctor(names, checks, styleFor(shell)),
    )
    return checks.some((check) => check.outcome === 'fail') ? Exit.NO : Exit.OK
  },
}

async function connectTo(address: ServerAddress, args: Arguments): Promise<ServerConnection> {
  const { connect } = await import('../../server/connection.ts')
  return connect(address, timeoutMs(args))
}
