/** A failure, for people or as JSON; on stderr, whichever. */
import { BinpointError } from '../../errors.ts'

export function renderFailure(error: unknown, asJson: boolean): string {
  const known = error instanceof BinpointError
  const message = error instanceof Error ? error.message : String(error)
  const code = known ? error.code : 'BUG'
  const hint = known ? (error.hint ?? null) : 'this is a bug in binpoint: please report it with the lines above'
  if (asJson) return `${JSON.stringify({ error: { code, message, hint } })}\n`
  const first = known
    ? `binpoint: ${message} [${code}]`
    : `binpoint: ${error instanceof Error ? (error.stack ?? message) : message}`
  return hint === null ? `${first}\n` : `${first}\n  hint: ${hint}\n`
}
