/** What an account may not see, or a server does not have, is unknown; it never fails an inspection. */
import { BinpointError } from '../../errors.ts'

/** `fallback` where the server refuses the question; connections that fail still throw. */
export async function orUnseen<T, F>(ask: () => Promise<T>, fallback: F): Promise<T | F> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof BinpointError && /^(SERVER_ERROR|MISSING_PRIVILEGE|ACCESS_DENIED|LOG_DISABLED)$/.test(error.code))
      return fallback
    throw error
  }
}
