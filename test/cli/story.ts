/** The Rollbar story's facts, as mysqlbinlog and the servers told them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtures } from './run.ts'

interface Place {
  readonly file: string
  readonly position: number
}

export interface Story {
  readonly serverVersion: string
  readonly files: { readonly active: readonly string[] }
  readonly transactions: number
  readonly divergence: Place & { readonly time: string }
  readonly lost: { readonly transactions: number; readonly lastTime: string; readonly end: Place }
  readonly endOfActive: Place
}

export const active: string = join(fixtures, 'rollbar', 'active')
export const story: Story = JSON.parse(readFileSync(join(fixtures, 'rollbar', 'story.json'), 'utf8'))
