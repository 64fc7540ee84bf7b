/**
 * Coordinates: a binlog file name and a byte position in it. Values; they never change.
 * Positions are JavaScript numbers: exact up to 2^53, far beyond any file.
 */
import { BinpointError } from '../errors.ts'

export interface Coordinate {
  readonly file: string
  /** Byte offset in the file, >= 4 (the first event stands at 4, after the magic). */
  readonly position: number
}

/** Position of the first event of every file, after the four magic bytes. */
export const FIRST_POSITION = 4

/** The greatest position that a `CHANGE MASTER` can carry: servers cut it to 32 bits without a word beyond. */
export const MAX_RESTART_POSITION = 0xffff_ffff

export function formatCoordinate(at: Coordinate): string {
  return `${at.file}:${at.position}`
}

/** Parses `FILE:POSITION`. Throws COORDINATE_SYNTAX. The last colon separates, as a file name may hold one. */
export function parseCoordinate(text: string): Coordinate {
  const match = /^(.+):(\d{1,16})$/.exec(text)
  const file = match?.[1]
  const position = Number(match?.[2])
  if (file === undefined || !Number.isSafeInteger(position) || position < FIRST_POSITION) {
    throw new BinpointError(
      'COORDINATE_SYNTAX',
      `'${text}' is not a coordinate: expected FILE:POSITION with a position of at least 4`,
      {
        hint: 'for example mysql-bin.000042:1234',
      },
    )
  }
  return { file, position }
}

/** True for names that a server can have given to a binlog: a base name, a dot, and six or more digits. */
export function isBinlogName(name: string): boolean {
  return /\.\d{6,}$/.test(name)
}

/**
 * Orders binlog names by base name, then number: `999999` before `1000000`, which no string order gives.
 * A name without a number (a copy that was renamed) goes after those that have one, by string.
 */
export function compareBinlogNames(a: string, b: string): number {
  const [baseA, numberA] = splitName(a)
  const [baseB, numberB] = splitName(b)
  if (baseA !== baseB) return baseA < baseB ? -1 : 1
  return numberA - numberB
}

/** Orders coordinates of one log. */
export function compareCoordinates(a: Coordinate, b: Coordinate): number {
  return a.file === b.file ? a.position - b.position : compareBinlogNames(a.file, b.file)
}

function splitName(name: string): [base: string, number: number] {
  const match = /^(.*)\.(\d+)$/.exec(name)
  return match === null ? [name, Number.MAX_SAFE_INTEGER] : [match[1] ?? '', Number(match[2])]
}
