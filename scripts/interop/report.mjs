// One printed line for each check; what was found at the end.
let failed = 0
let passed = 0

export async function check(what, run) {
  try {
    const detail = await run()
    passed += 1
    console.log(`ok      ${what}${detail ? ` (${detail})` : ''}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED  ${what}: ${error.message}`)
    if (process.env.DEBUG) console.error(error)
  }
}

export function expect(condition, what) {
  if (!condition) throw new Error(what)
}

export async function until(condition, what, patience = 60_000) {
  const deadline = Date.now() + patience
  for (;;) {
    const found = await condition()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
}

// The exit code.
export function close() {
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 ? 1 : 0
}
