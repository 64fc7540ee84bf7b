/** What a server is, from what it says of itself. The only place that reads a version. */

export type Family = 'mysql' | 'mariadb'

export interface Flavor {
  readonly family: Family
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** As the server gave it. */
  readonly text: string
}

/** Parses `VERSION()`; also with MariaDB's `5.5.5-` in front. Null: no version. */
export function parseFlavor(text: string): Flavor | null {
  const isMariaDb = /mariadb/i.test(text)
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(isMariaDb ? text.replace(/^5\.5\.5-(?=\d)/, '') : text)
  if (match === null) return null
  return {
    family: isMariaDb ? 'mariadb' : 'mysql',
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    text,
  }
}

/** True when the flavour is of that version or a later one. */
export function isAtLeast(flavor: Flavor, major: number, minor: number, patch = 0): boolean {
  if (flavor.major !== major) return flavor.major > major
  if (flavor.minor !== minor) return flavor.minor > minor
  return flavor.patch >= patch
}

/** No older version was ever tried. */
export function isKnown(flavor: Flavor): boolean {
  return flavor.family === 'mysql' ? isAtLeast(flavor, 5, 5) : isAtLeast(flavor, 10, 0)
}
