/** Contestants take turns, so that what else the machine does meets all of them; the first turn of each is not counted. */

export interface Times {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Each contestant's run gives the seconds that it took. Says the times, and gives them by name. */
export async function race(
  contestants: Readonly<Record<string, () => Promise<number>>>,
  turns: number,
  say: (line: string) => void,
): Promise<(name: string) => Times> {
  const entries = Object.entries(contestants)
  const seconds = new Map<string, number[]>(entries.map(([name]) => [name, []]))
  for (let turn = 0; turn <= turns; turn++) {
    for (const [name, run] of entries) {
      const took = await run()
      if (turn > 0) seconds.get(name)?.push(took)
    }
  }
  const results = entries.map(([name]) => summary(name, seconds.get(name) ?? []))
  const width = Math.max(...results.map(({ name }) => name.length))
  for (const { name, median, min, max } of results) {
    say(`  ${name.padEnd(width)}  ${inSeconds(median)}  (${inSeconds(min)} to ${inSeconds(max)})`)
  }
  return (name) => {
    const result = results.find((one) => one.name === name)
    if (result === undefined) throw new Error(`${name} did not run`)
    return result
  }
}

function summary(name: string, seconds: readonly number[]): Times {
  return { name, median: medianOf(seconds), min: Math.min(...seconds), max: Math.max(...seconds) }
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(3)} s`
}
