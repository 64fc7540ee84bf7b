/** Loaded into a process before its program (--import): says at its end how much memory it had at most. */
process.on('exit', () => {
  process.stderr.write(`at most ${process.resourceUsage().maxRSS} KiB\n`)
})
