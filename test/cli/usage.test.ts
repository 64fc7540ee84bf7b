/** Slips in the arguments: each with exit 64, one line that names it, and nothing on stdout. */
import { describe, expect, test } from 'vitest'
import { binpoint, freshIndex } from './run.ts'

const T = '2014-04-10T21:06:12Z'

describe('a slip', () => {
  test.each([
    [[], 'a command is needed'],
    [['att', T], "'att' is no command; did you mean at?"],
    [['indxe', 'x'], "'indxe' is no command; did you mean index?"],
    [['restore'], "'restore' is no command"],
    [['--verbose'], 'a command is needed'],
    [['at'], 'binpoint at needs TIME'],
    [['when'], 'binpoint when needs WHAT'],
    [['when', 'a', 'b'], "'b' is one argument too many for binpoint when"],
    [['ls', 'x'], "'x' is one argument too many for binpoint ls"],
    [['at', T, '--sorce', 'x'], 'binpoint at has no option --sorce; did you mean --source?'],
    [['at', T, '--sorce=x'], 'binpoint at has no option --sorce; did you mean --source?'],
    [['at', T, '--execute'], 'binpoint at has no option --execute'],
    [['at', T, '--undo', 'x'], 'binpoint at has no option --undo'],
    [['at', T, '--no-json'], 'binpoint at has no option --no-json'],
    [['at', T, '--margin'], '--margin needs a value'],
    [['at', T, '--margin', '5s', '--margin', '6s'], '--margin is given 2 times'],
    [['at', T, '--margin', '5'], "'5' is not a duration"],
    [['at', T, '--margin', '-5s'], "'-5s' is not a duration"],
    [['at', T, '--skew', 'x'], "'x' is not a duration"],
    [['at', T, '--tz', 'Mars'], "'Mars' is no time zone"],
    [['at', T, '--timeout', 'soon', '--source', 'mysql://h'], "'soon' is not a duration"],
    [['at', '2014-04-10 21:06:12'], "'2014-04-10 21:06:12' names no time zone"],
    [['at', T, 'noon'], "'noon' is not a time"],
    [['at', T], 'no --source is given, and the index'],
    [['ls', '--limit', '0'], '--limit 0: expected a whole number of at least 1'],
    [['ls', '--limit', 'NaN'], '--limit NaN: expected a whole number of at least 1'],
    [['ls', '--limit', '1e3'], '--limit 1e3: expected a whole number of at least 1'],
    [['replay', 'x', '--port', '65536'], '--port 65536: expected a whole number from 0 to 65535'],
    [['when', 'mysql-bin.000001'], "'mysql-bin.000001' is not a coordinate"],
    [['when', 'mysql-bin.000001:3'], "'mysql-bin.000001:3' is not a coordinate"],
    [['index', 'x', '--ssl-mode', 'perhaps'], '--ssl-mode PERHAPS: expected one of DISABLED, PREFERRED,'],
    [['index', 'mysql://a', 'mysql://b'], 'a server is one SOURCE, but 2 were given'],
    [['index', 'binlogs', 'mysql://b'], 'a server is one SOURCE, but 2 were given'],
    [['repair', '--dialect', 'mysql-5.6'], 'give either --at or --from'],
    [['repair', '--at', T, '--from', 'f.000001:4'], 'give either --at or --from'],
    [['repair', '--at', T], 'give either --replica or --dialect'],
    [['repair', '--at', T, '--execute'], '--execute and --undo need --replica'],
    [['repair', '--at', T, '--execute', '--replica', 'mysql://h', '--source', 'x'], '--execute needs the source as a server'],
    [['repair', '--undo', 'x'], '--execute and --undo need --replica'],
    [
      ['repair', '--at', T, '--strategy', 'rows', '--dialect', 'mysql-5.6'],
      '--strategy rows: expected one of auto, coordinates, apply, gtid',
    ],
    [['repair', '--at', T, '--dialect', 'oracle-19'], 'oracle-19'],
  ])('%j says: %s', async (args, message) => {
    const { status, stdout, stderr } = await binpoint(args, { env: { BINPOINT_INDEX: freshIndex() } })
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' })
    expect(stderr).toMatch(/^binpoint: .* \[[A-Z_]+\]\n( {2}hint: .*\n)?$/)
    expect(stderr).toContain(message)
  })

  test('with --json is JSON on stderr', async () => {
    const { status, stdout, stderr } = await binpoint(['at', T, '--sorce', 'x', '--json'])
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'USAGE', message: 'binpoint at has no option --sorce; did you mean --source?', hint: 'binpoint at --help' },
    })
  })
})
