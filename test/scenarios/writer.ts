/** Somebody who goes on writing to the active, whatever the DBA does meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Server } from '../support/servers/index.ts'

export interface Traffic extends AsyncDisposable {
  /** How many rounds were written so far. */
  readonly rounds: () => number
}

/** Inserts, updates and deletes of `shop.traffic`, until it is disposed of. */
export async function startTraffic(server: Server): Promise<Traffic> {
  const connection = await server.connect()
  let rounds = 0
  const over = { yes: false }
  const writing = (async () => {
    while (!over.yes) {
      rounds++
      await connection.query('INSERT INTO shop.traffic (round, note) VALUES (?, ?)', [rounds, `round ${rounds}`])
      await connection.query('UPDATE shop.traffic SET note = ? WHERE round = ?', [`seen in ${rounds}`, Math.ceil(rounds / 2)])
      if (rounds % 5 === 0) await connection.query('DELETE FROM shop.traffic WHERE round = ?', [rounds - 3])
      await sleep(2)
    }
  })()
  return {
    rounds: () => rounds,
    [Symbol.asyncDispose]: async () => {
      over.yes = true
      await writing
      await connection.end()
    },
  }
}
