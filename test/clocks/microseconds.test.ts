/** MySQL 9.7 says when each transaction committed, to the microsecond: so does the answer. */
import { expect, test } from 'vitest'
import { describeWith } from '../support/servers/with.ts'
import type { Moment } from './witness.ts'
import { openWitness } from './witness.ts'

const WRITES = 300

describeWith(['mysql-9.7', 'faketime'], 'between two transactions of one millisecond', () => {
  test('the answer is the second one', async () => {
    await using w = await openWitness('mysql-9.7')
    // The server itself looks at its clock between any two commits.
    await w.server.run(
      `CREATE PROCEDURE d.writes(INOUT times LONGTEXT) BEGIN
         DECLARE i INT DEFAULT 1;
         WHILE i <= ${WRITES} DO
           SET @write = CONCAT('INSERT INTO d.t (tag) VALUES (''row-', i, ''')');
           PREPARE write_row FROM @write;
           EXECUTE write_row;
           SET times = CONCAT(times, ' ', ROUND(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000));
           SET i = i + 1;
         END WHILE;
       END`,
      `SET @times = ''`,
      'CALL d.writes(@times)',
    )
    const [row] = await w.server.query('SELECT @times AS times')
    const times = String(row?.['times']).trim().split(' ').map(Number)
    expect(times).toHaveLength(WRITES)
    // The look before the transaction ahead, and the one behind the transaction behind, lie in one millisecond.
    const close = times.flatMap((timeUs, i) =>
      i > 0 && i < WRITES - 1 && Math.floor((times[i - 1] ?? 0) / 1000) === Math.floor((times[i + 1] ?? 0) / 1000)
        ? [timeUs]
        : [],
    )
    expect(close.length).toBeGreaterThan(3)
    for (const timeUs of close.slice(0, 5)) {
      const i = times.indexOf(timeUs)
      const moment: Moment = { timeUs, there: new Set(times.slice(0, i + 1).map((_, n) => `row-${n + 1}`)) }
      expect(await w.ask(moment)).toMatchObject({ safe: `row-${i + 2}`, latest: `row-${i + 2}`, reason: 'exact', codes: [] })
    }
  })
})
