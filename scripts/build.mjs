// Builds dist/, which mirrors src/: tsc writes the modules, and what tsc leaves out is copied beside them.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, run } from './run.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src');
const output = join(root, 'dist');

await main(() => {
  rmSync(output, { recursive: true, force: true });
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
    cwd: root,
  });
  for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(isAsset)) {
    if (!existsSync(join(output, path))) cpSync(join(source, path), join(output, path));
  }
});

/**
 * Schemas, and modules written in JavaScript.
 * @param {string} path
 */
function isAsset(path) {
  return /(?:^|[\\/])schema\.json$|\.js$/u.test(path);
}
