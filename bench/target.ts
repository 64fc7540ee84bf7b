/** A number to reach, and what was measured. */

export interface Target {
  readonly what: string
  readonly target: string
  readonly measured: string
  readonly isMet: boolean
}

/** As a table in Markdown. */
export function targetTable(targets: readonly Target[]): string[] {
  const rows = [
    ['what', 'target', 'measured', 'met'],
    ...targets.map((target) => [target.what, target.target, target.measured, target.isMet ? 'yes' : 'NO']),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  return [lines[0] ?? '', `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...lines.slice(1)]
}

export function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`
}
