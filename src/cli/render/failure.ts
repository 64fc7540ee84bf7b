/** A failure, for people or as JSON; on stderr, whichever. */
import { BinpointError } from '../../errors.ts'

const BUG_HINT = 'this is a bug in binpoint: please report it with the lines above'

export function renderFailure(error: unknown, asJson: boolean): string {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof BinpointError) {
    const hint = error.hint ?? null
    if (asJson) return `${JSON.stringify({ error: { code: error.code, message, hint } })}\n`
    return `binpoint: ${message} [${error.code}]\n${hint === null ? '' : `  hint: ${hint}\n`}`
  }
  const stack = error instanceof Error ? (error.stack ?? message) : message
  if (asJson) return `${JSON.stringify({ error: { code: 'BUG', message, hint: BUG_HINT, stack } })}\n`
  return `binpoint: ${stack}\n  hint: ${BUG_HINT}\n`
}
