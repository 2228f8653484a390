import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhen } from '../../../../../test/oracles/oracle.js';
import { environmentFile } from './environment-file.js';
import { embedModules, type EmbedLanguage } from './modules.js';

const DATA = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7) & 0xff));
const SHA256 = createHash('sha256').update(DATA).digest('hex');
const NAME = 'Tool_1.0-x.app.zip';
const EXPECTED = `${DATA.length} ${SHA256} ${SHA256}\n`;

const root = realpathSync(mkdtempSync(join(tmpdir(), 'embed-')));
afterAll(() => {
  rmSync(root, { recursive: true });
});

const TRIAL = ` a'b"c\\d\${HOME} é🦊 ??- $x %41 #{y}`;
let made = 0;
/** The archive and its modules, in a folder whose name is a trial for every kind of quoting. */
function written(language: EmbedLanguage, isAbsolute: boolean, trial = TRIAL): string {
  const folder = join(root, `${made++}${trial}`);
  mkdirSync(folder);
  writeFileSync(join(folder, NAME), DATA);
  const archive = { name: NAME, absolutePath: isAbsolute ? join(folder, NAME) : undefined, sha256: SHA256 };
  for (const { name, text } of embedModules(language, archive, 'helper'))
    writeFileSync(join(folder, name), text);
  return folder;
}

function output(cwd: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, GO111MODULE: 'on', GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', CGO_ENABLED: '1' },
  });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}${stdout}`);
  return stdout;
}

const has = (program: string, flag = '--version') => spawnSync(program, [flag]).error === undefined;
const PATHS = [
  ['a relative', false],
  ['an absolute', true],
] as const;

describeWhen(has('rustc'), 'rustc is not installed', 'in Rust', () => {
  it.each(PATHS)(
    'the archive is found by %s path, with include! and with mod',
    (_, isAbsolute) => {
      const folder = written('rust', isAbsolute);
      // A module file is looked for beside the crate; include! takes any path.
      for (const use of ['mod app_zip_data; use app_zip_data::*;', 'include!("app_zip_data.rs");']) {
        writeFileSync(
          join(folder, 'main.rs'),
          `#![deny(warnings)]
${use}
fn main() { std::fs::write("out", APP_ZIP_DATA).unwrap(); print!("{} {}", APP_ZIP_DATA.len(), APP_ZIP_SHA256); }`,
        );
        output(folder, 'rustc', '--edition', '2021', 'main.rs', '-o', 'main');
        expect(output(folder, join(folder, 'main'))).toBe(`${DATA.length} ${SHA256}`);
        expect(readFileSync(join(folder, 'out')).equals(DATA)).toBe(true);
      }
    },
    60_000,
  );
});

describeWhen(has('go', 'version'), 'go is not installed', 'in Go', () => {
  it('the archive is found, and the modules for C beside it do no harm', () => {
    const folder = written('go', false, ''); // The go command itself stumbles over odd folders.
    const inside = join(folder, 'helper');
    mkdirSync(inside);
    const archive = { name: NAME, absolutePath: undefined, sha256: SHA256 };
    const modules = (['go', 'c'] as const).flatMap((language) => embedModules(language, archive, 'helper'));
    for (const { name, text } of modules) writeFileSync(join(inside, name), text);
    writeFileSync(join(inside, NAME), DATA);
    rmSync(join(folder, 'app_zip_data.go'));
    writeFileSync(join(folder, 'go.mod'), 'module example.com/x\n\ngo 1.18\n');
    writeFileSync(
      join(folder, 'main.go'),
      `package main

import (
	"crypto/sha256"
	"example.com/x/helper"
	"fmt"
)

func main() {
	fmt.Printf("%d %x %s\\n", len(helper.AppZipData), sha256.Sum256(helper.AppZipData), helper.AppZipSHA256)
}
`,
    );
    expect(output(folder, 'go', 'run', '.')).toBe(EXPECTED);
    output(folder, 'go', 'vet', './...');
    expect(output(folder, 'gofmt', '-l', 'helper')).toBe('');
  }, 120_000);
});

const C_MAIN = `#include "app_zip_data.h"
#include <stdio.h>
int main(void) {
  fwrite(app_zip_data, 1, APP_ZIP_SIZE, stdout);
  return sizeof APP_ZIP_SHA256 == 65 ? 0 : 1;
}
`;
const C_COMPILERS = ['gcc', 'clang-19', 'g++'] as const;

describe.each(C_COMPILERS)('in C, with %s', (compiler) => {
  describeWhen(has(compiler), `${compiler} is not installed`, 'it', () => {
    it.each(PATHS)('the archive is found by %s path', (_, isAbsolute) => {
      const folder = written('c', isAbsolute);
      const elsewhere = join(folder, 'main');
      mkdirSync(elsewhere);
      writeFileSync(join(elsewhere, 'main.c'), C_MAIN);
      const flags = compiler === 'g++' ? ['-x', 'c++'] : ['-std=c11'];
      const sources = [join(elsewhere, 'main.c'), join(folder, 'app_zip_data.c')];
      output(
        elsewhere,
        compiler,
        ...flags,
        '-Wall',
        '-Wextra',
        '-Werror',
        '-I',
        folder,
        ...sources,
        '-o',
        'out',
      );
      const { status, stdout } = spawnSync(join(elsewhere, 'out'));
      expect(status).toBe(0);
      expect(stdout.equals(DATA)).toBe(true);
    });
  });
});

describeWhen(has('clang-19'), 'clang-19 is not installed', 'in C for macOS and Windows', () => {
  it.each(['arm64-apple-macos11', 'x86_64-apple-macos10.15', 'x86_64-w64-mingw32'])(
    'it assembles for %s',
    (target) => {
      const folder = written('c', false);
      const include = join(folder, 'inc');
      mkdirSync(include);
      writeFileSync(join(include, 'stddef.h'), 'typedef unsigned long size_t;\n');
      const flags = ['-target', target, '-nostdinc', '-isystem', include, '-I', folder, '-Wall', '-Werror'];
      output(folder, 'clang-19', ...flags, '-c', 'app_zip_data.c', '-o', 'out.o');
      expect(readFileSync(join(folder, 'out.o')).includes(DATA)).toBe(true);
      const symbols = output(folder, 'llvm-nm-19', '-g', '--format=just-symbols', 'out.o').split('\n');
      const prefix = target.includes('apple') ? '_' : '';
      expect(symbols).toEqual(expect.arrayContaining([`${prefix}app_zip_data`, `${prefix}app_zip_data_end`]));
    },
  );
});

describe('in TypeScript', () => {
  it.each(PATHS)(
    'the archive is found by %s path',
    (_, isAbsolute) => {
      const folder = written('typescript', isAbsolute, TRIAL.replaceAll('\\', '')); // tsc takes a backslash for a slash.
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
      writeFileSync(
        join(folder, 'main.ts'),
        `import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { appZipUrl, appZipSha256 } from './app-zip-data.js';
const url: URL = appZipUrl;
const data = readFileSync(url);
const sha256: string = createHash('sha256').update(data).digest('hex');
console.log(data.length, sha256, appZipSha256);
`,
      );
      const tsc = require.resolve('typescript/bin/tsc');
      const types = join(__dirname, '../../../../../node_modules/@types');
      const flags = [
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--types',
        'node',
        '--typeRoots',
        types,
      ];
      output(folder, process.execPath, tsc, '--ignoreConfig', '--skipLibCheck', ...flags, 'main.ts');
      expect(output(folder, process.execPath, 'main.js')).toBe(EXPECTED);
    },
    60_000,
  );
});

describe('in the environment file', () => {
  const values = {
    PLAIN: '/a/b-c_d.zip',
    SPACE: 'a b',
    DOLLAR: 'a$HOME`id`\\n"x"',
    HASH: 'a #b',
    EMPTY: '',
    UNICODE: 'é🦊',
  };
  const text = environmentFile(values).text;

  it('a shell reads every value back', () => {
    const file = join(root, 'helper.env');
    writeFileSync(file, environmentFile({ ...values, QUOTE: `it's "$x"\\` }).text);
    const print = Object.keys(values).map((name) => `"$${name}"`);
    const script = `. "$0"; printf '%s\\n' ${[...print, '"$QUOTE"'].join(' ')}`;
    const read = output(root, '/bin/sh', '-c', script, file).trimEnd().split('\n');
    expect(read).toEqual([...Object.values(values), `it's "$x"\\`]);
  });

  it('Node reads every value back', () => {
    const file = join(root, 'node.env');
    writeFileSync(file, text);
    const print = `console.log(JSON.stringify(${JSON.stringify(Object.keys(values))}.map((n) => process.env[n])))`;
    const read: unknown = JSON.parse(output(root, process.execPath, `--env-file=${file}`, '-e', print));
    expect(read).toEqual(Object.values(values));
  });
});
