/** What a statement is, behind whatever stands before its first keyword. */
import { expect, test } from 'vitest'
import { classifyStatement } from '../../../src/core/binlog/statement.ts'

test.each([
  ['-- note\nDROP TABLE t', 'ddl'],
  ['--\nDROP TABLE t', 'ddl'],
  ['--\tnote\n--\n\n  INSERT INTO t VALUES (1)', 'dml'],
  ['#\nTRUNCATE t', 'truncate'],
  ['/* a */ /*!50000 DROP TABLE t */', 'ddl'],
  ['/*M!100100 DELETE FROM t */', 'dml'],
  ['((SELECT 1))', 'dml'],
  ["XA START X'61',X'',1", 'xa-start'],
  ["XA sTART X'61',X'',1", 'xa-end'],
  ['begin', 'ddl'],
  ['-- note', 'other'],
  ['--', 'other'],
  ['', 'other'],
])('%j is %s', (text, kind) => {
  const bytes = Buffer.from(text)
  expect(classifyStatement(bytes, 0, bytes.length)).toBe(kind)
})
