/**
 * Suites and tests that need a real server: skipped by name, with the reason, where it is not here. In CI the servers that the promises
 * rest on must run: their absence fails there.
 */
// This file makes tests for others, so rules on how a test is written do not fit it.
/* oxlint-disable vitest/no-conditional-tests, vitest/valid-title, vitest/expect-expect, vitest/no-disabled-tests, vitest/no-standalone-expect, vitest/valid-describe-callback, vitest/require-top-level-describe, vitest/no-identical-title */
import { describe, it } from 'vitest'
import { availability } from './cache.ts'
import { requiredInCi } from './catalog.ts'
import type { ServerKind } from './catalog.ts'

/** All of `kinds` are needed. */
export function describeWith(kinds: ServerKind | readonly ServerKind[], name: string, body: () => void): void {
  const missing = reasonNotToRun(kinds)
  if (missing === undefined) describe(name, body)
  else if (mustFail(kinds)) it(name, () => Promise.reject(new Error(missing)))
  else describe.skip(`${name} (${missing})`, body)
}

export function itWith(
  kinds: ServerKind | readonly ServerKind[],
  name: string,
  body: () => Promise<void>,
  timeoutMs?: number,
): void {
  const missing = reasonNotToRun(kinds)
  if (missing === undefined) it(name, body, timeoutMs)
  else if (mustFail(kinds)) it(name, () => Promise.reject(new Error(missing)))
  else it.skip(`${name} (${missing})`, body)
}

function reasonNotToRun(kinds: ServerKind | readonly ServerKind[]): string | undefined {
  const reasons = absent(kinds).map(({ kind, why }) => `${kind} is not here: ${why}`)
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

function mustFail(kinds: ServerKind | readonly ServerKind[]): boolean {
  return Boolean(process.env['CI']) && absent(kinds).some(({ kind }) => requiredInCi.includes(kind))
}

function absent(kinds: ServerKind | readonly ServerKind[]): readonly { readonly kind: ServerKind; readonly why: string }[] {
  const wanted = typeof kinds === 'string' ? [kinds] : kinds
  return wanted.flatMap((kind) => {
    const found = availability(kind)
    return found.available ? [] : [{ kind, why: found.why }]
  })
}
