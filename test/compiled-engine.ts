import { transformSync } from '@swc/core';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');

/** A temporary package that holds the engine as plain JavaScript, for tests that need a process of their own to kill. */
export function compiledEngine(): string {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-engine-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of ['node_modules', 'toolchain', 'certs'])
    symlinkSync(join(ROOT, name), join(folder, name));
  for (const name of readdirSync(join(ROOT, 'src/engine'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.[jt]s$/.test(name) || name.endsWith('.spec.ts')) continue;
    const target = join(folder, 'dist/engine', name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compiled(join(ROOT, 'src/engine', name)));
  }
  return folder;
}

function compiled(path: string): string {
  return transformSync(readFileSync(path, 'utf8'), {
    filename: path,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
    module: { type: 'es6' },
  }).code;
}
