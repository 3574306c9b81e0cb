// Prints what failed, and `N passed, N failed`: node summary.mjs RESULTS.json CHECK NEWER DEVICE-REPORTS DEVICES, where CHECK, NEWER and DEVICES
// are exit statuses. The folder of reports on devices has one of each file that wasn't skipped.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [file, check, newer, folder, devices] = process.argv.slice(2);
const reports = [file, ...readdirSync(folder).map((name) => join(folder, name))].map(readReport);

/** Every failed test with its messages; a file that failed as a whole counts as one. */
function failedTests(report) {
  if (!report) return [{ what: 'the tests: no report was written', messages: [] }];
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    if (status !== 'failed') return [];
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return [{ what: name, messages: [message] }];
    return failed.map(({ fullName, failureMessages }) => ({ what: `${name}: ${fullName}`, messages: failureMessages }));
  });
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const others = [
  ['npm run check', check],
  ['the tests on the newer Node.js', newer],
  // A failed test of a report is named by itself
  ['the tests on devices', reports.slice(1).some((report) => failedTests(report).length > 0) ? '0' : devices],
].flatMap(([what, status]) => (status === '0' ? [] : [{ what, messages: [] }]));
const failures = [...reports.flatMap(failedTests), ...others];
for (const { what, messages } of failures) print(`failed: ${what}`, ...messages);
const passed = reports.reduce((sum, report) => sum + (report?.numPassedTests ?? 0), 0);
print(`${passed} passed, ${failures.length} failed`);

function print(...lines) {
  process.stdout.write(`${lines.join('\n')}\n`);
}
