/** Without an index, an answer reads the log from where it needs it; what is there already is neither lost nor read again. */
import { describe, expect, test } from 'vitest'
import { runBinpoint } from './child.ts'
import { binpoint, freshIndex } from './run.ts'
import { active, story } from './story.ts'

const { divergence, files } = story
const [oldest = ''] = files.active

async function begin(index: string): Promise<string> {
  const { stdout } = await binpoint(['status', '--index', index, '--json'])
  const [first] = JSON.parse(stdout).logs.at(-1).files
  return `${first.name}:${first.from}`
}

describe('an index that an answer has begun', () => {
  test('begins at the newest file that was begun before the time', async () => {
    const index = freshIndex()
    const { status } = await binpoint(['at', divergence.time, '--source', active, '--index', index])
    expect(status).toBe(0)
    expect(await begin(index)).toBe(`${divergence.file}:4`)
  })

  test('stays as it is when a question reaches further back, which is answered all the same', async () => {
    const index = freshIndex()
    await binpoint(['at', divergence.time, '--source', active, '--index', index])
    const early = ['--source', active, '--index', index, '--json']
    const first = JSON.parse((await binpoint(['ls', '--limit', '40', ...early])).stdout.trim().split('\n').at(-1) ?? '')
    const at = await binpoint(['at', first.time, ...early])
    expect({ status: at.status, file: JSON.parse(at.stdout).latest.file }).toEqual({ status: 0, file: oldest })
    const when = await binpoint(['when', `${first.file}:${first.start}`, ...early])
    expect({ status: when.status, start: JSON.parse(when.stdout).transaction.start }).toEqual({ status: 0, start: first.start })
    const plan = await binpoint(['repair', '--from', `${first.file}:${first.start}`, '--dialect', 'mysql-5.6', ...early])
    expect(JSON.parse(plan.stdout).plan.restart).toEqual({ file: oldest, position: first.start })
    expect(await begin(index)).toBe(`${divergence.file}:4`)
  })

  test('meanwhile by another process, for a later time, answers neither of them wrongly', async () => {
    const { time } = JSON.parse(
      (await binpoint(['ls', '--limit', '40', '--source', active, '--json'])).stdout.trim().split('\n').at(-1) ?? '',
    )
    for (let i = 0; i < 5; i++) {
      const of = ['--source', active, '--index', freshIndex()]
      const [late, early] = await Promise.all([
        runBinpoint(['at', story.lost.lastTime, ...of]),
        runBinpoint(['at', time, '--json', ...of]),
      ])
      expect({ status: late.status, stderr: late.stderr }).toEqual({ status: 0, stderr: '' })
      expect({ status: early.status, stderr: early.stderr }).toEqual({ status: 0, stderr: '' })
      expect(JSON.parse(early.stdout).latest.file).toBe(oldest)
    }
  })

  test('is made anew from the oldest file by index --from oldest, and goes on without --from', async () => {
    const index = freshIndex()
    await binpoint(['at', divergence.time, '--source', active, '--index', index])
    const again = await binpoint(['index', active, '--index', index, '--json'])
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'resumed' })
    expect(await begin(index)).toBe(`${divergence.file}:4`)
    const whole = await binpoint(['index', active, '--from', 'oldest', '--index', index, '--json'])
    expect(JSON.parse(whole.stdout)).toMatchObject({ outcome: 'replaced' })
    expect(await begin(index)).toBe(`${oldest}:4`)
    const once = await binpoint(['index', active, '--from', 'oldest', '--index', index, '--json'])
    expect(JSON.parse(once.stdout)).toMatchObject({ outcome: 'resumed', transactions: 0 })
  })
})
