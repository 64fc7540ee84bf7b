/** Who a server is. */
import type { ReplicaIdentity } from '../../core/plan/dialect.ts'
import type { Flavor } from '../../dialect/flavor.ts'
import type { Provider } from '../../dialect/managed.ts'
import { providerOf } from '../../dialect/managed.ts'
import { parseFlavor } from '../../dialect/flavor.ts'
import { BinpointError } from '../../errors.ts'
import { addressText } from '../address.ts'
import type { ServerConnection } from '../connection.ts'
import { text } from '../rows.ts'
import { orUnseen } from './unseen.ts'
import { globalVariables } from './variables.ts'

export interface About {
  readonly address: string
  readonly version: string
  readonly flavor: Flavor
  readonly identity: ReplicaIdentity
  /** Of a managed service; null: a server of one's own. */
  readonly provider: Provider | null
}

/** Throws UNSUPPORTED_SERVER. */
export async function aboutServer(connection: ServerConnection): Promise<About> {
  const address = addressText(connection.address)
  const [about] = await connection.query('SELECT VERSION() AS version, @@server_id AS id')
  // Only what serves files in place of a server does not know these.
  const [place] = await orUnseen(
    () => connection.query('SELECT @@hostname AS hostname, @@port AS port, @@basedir AS basedir'),
    [],
  )
  const version = text(about, 'version')
  const flavor = parseFlavor(version)
  if (flavor === null)
    throw new BinpointError('UNSUPPORTED_SERVER', `${address} says its version is '${version}', which is not known`)
  return {
    address,
    version,
    flavor,
    identity: {
      serverId: Number(text(about, 'id')),
      // MariaDB >= 11 has a server_uid, which no replication carries.
      serverUuid: flavor.family === 'mysql' ? (await globalVariables(connection, ['server_uuid'])).of('server_uuid') : null,
      hostname: text(place, 'hostname'),
      port: Number(text(place, 'port')),
    },
    provider: providerOf({
      version,
      basedir: text(place, 'basedir'),
      auroraVersion: (await globalVariables(connection, ['aurora_version'])).of('aurora_version'),
    }),
  }
}
