/** Ends a run with the skipped tests and their reasons, and one line `N passed, N failed, N skipped`. */
import type { Reporter, TestCase, TestModule } from 'vitest/node'

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    // An error outside of any test fails the run, and so it counts.
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skipped: string[] = []
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      // A file that did not load, or a hook that failed.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) count.failed++
      for (const test of tests) {
        const { state } = test.result()
        if (state === 'passed') count.passed++
        else if (state === 'failed') count.failed++
        else {
          count.skipped++
          skipped.push(`  ${test.fullName}${reasonOf(test)}`)
        }
      }
    }
    if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.join('\n')}`)
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result()
  return result.state === 'skipped' && result.note !== undefined ? `: ${result.note}` : ''
}
