/** The commands, in the order of `--help`. Each is loaded when it is typed: no network package for `at` on files, none at all for `--help`. */
import type { CommandEntry } from '../command.ts'

export const commands: readonly CommandEntry[] = [
  {
    usage: 'index <SOURCE..>',
    summary: 'build or refresh the index of a source',
    load: async () => (await import('./index.ts')).indexCommand,
  },
  {
    usage: 'at <TIME..>',
    summary: 'the coordinate of a time',
    load: async () => (await import('./at.ts')).atCommand,
  },
  {
    usage: 'when <WHAT>',
    summary: 'the time and the transaction at a coordinate or of a GTID',
    load: async () => (await import('./when.ts')).whenCommand,
  },
  {
    usage: 'ls',
    summary: 'the transactions of a range, read again from the log',
    load: async () => (await import('./ls.ts')).lsCommand,
  },
  {
    usage: 'timeline',
    summary: 'activity over time, with gaps and what bears on safety',
    load: async () => (await import('./timeline.ts')).timelineCommand,
  },
  {
    usage: 'repair',
    summary: 'plan the restart of a replica, as a script for the mysql client',
    load: async () => (await import('./repair.ts')).repairCommand,
  },
  {
    usage: 'status',
    summary: 'what the index covers, with its gaps',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    usage: 'doctor <SOURCE> [REPLICA]',
    summary: 'what is missing for a repair: grants, settings, reachability',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    usage: 'explain [CODE]',
    summary: 'what a finding or an error means, and what to do',
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    usage: 'replay <DIR..>',
    summary: 'serve binlog files as a MySQL source on loopback',
    load: async () => (await import('./replay.ts')).replayCommand,
  },
]
