// Prints what failed, and `N passed, N failed`: node summary.mjs RESULTS.json CHECK NEWER, the last two being exit statuses.
import { readFileSync } from 'node:fs';

const [file, check, newer] = process.argv.slice(2);

/** Every failed test with its messages; a file that failed as a whole counts as one. */
function failedTests() {
  const report = readReport();
  if (!report) return [{ what: 'the tests: no report was written', messages: [] }];
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    if (status !== 'failed') return [];
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return [{ what: name, messages: [message] }];
    return failed.map(({ fullName, failureMessages }) => ({ what: `${name}: ${fullName}`, messages: failureMessages }));
  });
}

function readReport() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const others = [
  ['npm run check', check],
  ['the tests on the newer Node.js', newer],
].flatMap(([what, status]) => (status === '0' ? [] : [{ what, messages: [] }]));
const failures = [...failedTests(), ...others];
for (const { what, messages } of failures) print(`failed: ${what}`, ...messages);
print(`${readReport()?.numPassedTests ?? 0} passed, ${failures.length} failed`);

function print(...lines) {
  process.stdout.write(`${lines.join('\n')}\n`);
}
