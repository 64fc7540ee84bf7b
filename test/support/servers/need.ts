/** Whether a suite that needs real servers runs, is skipped, or must fail: pure, so that the rule for CI can be tested itself. */
import type { Availability } from './cache.ts'
import { requiredInCi } from './catalog.ts'

export type Verdict =
  { readonly kind: 'run' } | { readonly kind: 'skip'; readonly why: string } | { readonly kind: 'fail'; readonly why: string }

/** `found`: the servers that the suite needs. A required server that is missing in CI is a failure: the promises would go untested. */
export function judge(found: readonly Availability[], inCi: boolean): Verdict {
  const missing = found.flatMap((server) => (server.available ? [] : [server]))
  if (missing.length === 0) return { kind: 'run' }
  const why = missing.map((server) => `${server.kind} is not here: ${server.why}`).join('; ')
  return { kind: inCi && missing.some((server) => requiredInCi.includes(server.kind)) ? 'fail' : 'skip', why }
}
