/** From a SOURCE as the user means it to a log that can be read. The network's packages are loaded only for a server. */
import { resolve } from 'node:path'
import type { LogSource, ServerAddress } from '../core/ports.ts'
import { addressText } from '../server/address.ts'
import { openFileSource } from './files.ts'

export type SourceSpec =
  { readonly kind: 'files'; readonly paths: readonly string[] } | { readonly kind: 'server'; readonly address: ServerAddress }

export interface OpenSourceOptions {
  /** Gives up on a silent server after this long (milliseconds). */
  readonly timeoutMs?: number | undefined
}

/** What an index calls it. */
export function nameOf(spec: SourceSpec): string {
  return spec.kind === 'files' ? spec.paths.map((path) => resolve(path)).join(':') : `mysql://${addressText(spec.address)}`
}

export async function openSource(spec: SourceSpec, options: OpenSourceOptions = {}): Promise<LogSource> {
  if (spec.kind === 'files') return openFileSource(nameOf(spec), spec.paths)
  const { openServerSource } = await import('./live.ts')
  return openServerSource(spec.address, options)
}
