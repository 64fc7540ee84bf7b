import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands/all.ts'
import { version } from '../../src/cli/version.ts'
import { binpoint } from './run.ts'

const names = commands.map((entry) => entry.usage.split(' ')[0] ?? '')

describe('help', () => {
  test('of the whole', async () => {
    const { status, stdout, stderr } = await binpoint(['--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatchSnapshot()
  })

  test.each(names)('of %s', async (name) => {
    const { status, stdout, stderr } = await binpoint([name, '--help'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatchSnapshot()
  })

  test.each(names)('of %s has no line of more than 100 letters', async (name) => {
    const { stdout } = await binpoint([name, '--help'])
    expect(stdout.split('\n').filter((line) => line.length > 100 && !line.startsWith('  binpoint '))).toEqual([])
  })

  test('has the version of the package', async () => {
    expect(await binpoint(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})
