import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ONNXRUNTIME_VERSION } from '../runtime/version.js';
import { fail } from '../util/error.js';
import { RUNTIME_FOLDER, RUNTIMES } from './content/page-description.js';

const PACKAGE = 'onnxruntime-web';

/** ONNX Runtime's files for browsers with their licence, by their paths in the page's folder. Without the optional package it fails. */
export async function runtimeFiles(): Promise<Map<string, Uint8Array | string>> {
  const files = new Map<string, Uint8Array | string>();
  for (const [name, path] of runtimePaths('export')) files.set(`${RUNTIME_FOLDER}/${name}`, await readFile(path));
  return files.set(`${RUNTIME_FOLDER}/LICENSE.txt`, LICENCE);
}

/**
 * Where ONNX Runtime's files for browsers are on this machine, by their names. Without the optional package it fails.
 *
 * @param where - What needs them, for the message.
 */
export function runtimePaths(where: string): Map<string, string> {
  const folder = packageFolder(where);
  const names = Object.values(RUNTIMES).flatMap(({ module, binary }) => [module, binary]);
  return new Map(names.map((name) => [name, join(folder, name)]));
}

function packageFolder(where: string): string {
  const install = `Run \`npm install ${PACKAGE}@${ONNXRUNTIME_VERSION}\``;
  const require = createRequire(import.meta.url);
  try {
    const main = require.resolve(PACKAGE);
    const { version } = require(join(dirname(main), '..', 'package.json')) as { readonly version: string };
    if (version === ONNXRUNTIME_VERSION) return dirname(main);
    return fail(where, `the package ${PACKAGE} has another version than ONNX Runtime here`, {
      expected: ONNXRUNTIME_VERSION,
      got: version,
      hint: install,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return fail(where, `a page needs the optional package ${PACKAGE}, which is not installed`, { hint: install });
  }
}

/** The package itself has only its name, MIT. */
const LICENCE = `ONNX Runtime

MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`;
