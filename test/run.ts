/**
 * Runs named cases without a test runner and prints one line for each and a sum, so that a runtime without our test
 * runner can run them: `deno run -A test/dns/run.ts`. Exits 1 when one fails.
 */
export async function runCases(cases: Readonly<Record<string, () => Promise<void>>>): Promise<void> {
  let passed = 0;
  const failed: string[] = [];
  for (const [name, run] of Object.entries(cases)) {
    try {
      await run();
      passed += 1;
    } catch (error) {
      failed.push(name);
      console.log(`not ok - ${name}\n${error instanceof Error ? error.stack : error}`);
    }
  }
  console.log(`${passed} passed, ${failed.length} failed`);
  if (failed.length > 0) throw new Error(`${failed.length} cases failed`);
}
