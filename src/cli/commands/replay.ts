import { startReplay } from '../../source/replay.ts'
import type { Command } from '../command.ts'
import { isSet, listOf } from '../command.ts'
import { numberOf } from '../options.ts'
import { documentOf } from '../render/json.ts'
import { Exit } from '../shell.ts'

export const replayCommand: Command = {
  description:
    'Serves binlog files as a source on 127.0.0.1, for tests and demos: binpoint, zongji, ' +
    'mysqlbinlog --read-from-remote-server and replicas can read it. Any account is let in. Ends with Ctrl-C.',
  examples: ['binpoint replay fixtures/rollbar/active --port 3307'],
  positionals: { DIR: 'a directory of binlog files, an .index file, or files' },
  options: { port: { type: 'string', requiresArg: true, describe: 'the port (default: a free one, which is printed)' } },
  uses: ['output'],
  run: async (args, shell) => {
    const port = numberOf(args, 'port', 0, 65_535) ?? 0
    await using replay = await startReplay({ paths: listOf(args, 'DIR'), port })
    const { host, files, serverVersion } = replay
    const address = `mysql://root@${host}:${replay.port}`
    if (isSet(args, 'json')) shell.stdout(documentOf({ address, host, port: replay.port, serverVersion, files: [...files] }))
    else shell.stdout(`serving ${files.length} files of ${serverVersion} at ${address}\n`)
    await new Promise<void>((resolve) => {
      if (shell.signal.aborted) resolve()
      shell.signal.addEventListener('abort', () => resolve())
    })
    return Exit.OK
  },
}
