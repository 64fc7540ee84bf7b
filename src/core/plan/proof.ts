/** A statement that says what holds, or fails: in plain SQL, the way to make the client stop is a subquery with two rows. */

/** One row with `holds`, or error 1242, at which the client stops. NULL fails too. `holds`: a text without quotes, or CONCAT(…). */
export function mustBe(condition: string, holds: string): string {
  const text = holds.startsWith('CONCAT(') ? holds : `'${holds}'`
  return `SELECT IF(${condition}, ${text}, (SELECT 1 UNION SELECT 2)) AS binpoint`
}
