#!/usr/bin/env node
// Nothing modern is imported before the version is known: an old Node must get as far as this line.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`binpoint needs Node.js 22.18 or newer, and this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  const { run } = await import('./cli/run.ts')
  process.exitCode = await run()
}

export {}
