/** Microseconds on a clock of this process that only goes on: it stands still for no one who sets the machine's. */
export function localTimeUs(): number {
  return Math.round(performance.now() * 1000)
}
