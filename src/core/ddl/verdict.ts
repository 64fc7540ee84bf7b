/** What is to be done with a statement of the window when it is replayed. */
export type Verdict =
  /** The server repeats it, and must. */
  | { readonly verdict: 'replay'; readonly because: string }
  /** The replica has what it makes, and repeating it would fail, or harm. */
  | { readonly verdict: 'step-over'; readonly because: string }
  /** The window is not replayed. */
  | { readonly verdict: 'block'; readonly because: string; readonly remedy: string }

export function replayed(because: string): Verdict {
  return { verdict: 'replay', because }
}

export function steppedOver(because: string): Verdict {
  return { verdict: 'step-over', because }
}

export const restartBehind = 'choose a restart behind it, or copy the rows instead'

export function blocked(because: string, remedy: string = restartBehind): Verdict {
  return { verdict: 'block', because, remedy }
}
