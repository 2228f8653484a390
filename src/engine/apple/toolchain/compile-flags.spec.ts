import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describeWithOracle } from '../../../../test/oracles/oracle.js';
import { compileFlags, cString } from './compile-flags.js';
import type { CompileJob } from './compiler.js';

const job: CompileJob = {
  sources: ['/a/one.c', '/a/two.c', '/b/three.c'],
  output: '/out/Tool',
  architecture: 'arm64',
  minimumVersion: '11.0',
  defines: {},
  includeFolders: [],
  compileFlags: [],
};

describe('when a job has defines', () => {
  it('passes them on as C text', () => {
    const flags = compileFlags({ ...job, defines: { A: 'exact', B: 3, C: true, D: false, E: '"x"' } });
    expect(flags.filter((flag) => flag.startsWith('-D'))).toEqual(['-DA=exact', '-DB=3', '-DC', '-DE="x"']);
  });

  it.each(['', 'A B', 'A=1', '1A', '-o', 'A\n'])('refuses the name %j', (name) => {
    expect(() => compileFlags({ ...job, defines: { [name]: 1 } })).toThrow(/is no C identifier/);
  });

  it('refuses a value with a line break', () => {
    expect(() => compileFlags({ ...job, defines: { A: '1\n#include "/etc/passwd"' } })).toThrow(/line break/);
  });
});

it('hides every folder of the sources from the result', () => {
  const maps = compileFlags(job).filter((flag) => flag.startsWith('-ffile-prefix-map'));
  expect(maps).toEqual(['-ffile-prefix-map=/a=.', '-ffile-prefix-map=/b=.']);
});

it('puts the caller’s flags last, so that they win', () => {
  expect(compileFlags({ ...job, compileFlags: ['-O2'] }).at(-1)).toBe('-O2');
});

describeWithOracle('gcc', 'when a C compiler reads a string literal of ours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'c-string-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds the very bytes in it', () => {
    const texts = [
      '',
      'a"b\\c',
      '??/',
      '%s\t\r\n\u00017',
      'é世🦊',
      '\u{7f}*/ //',
      ...fc.sample(fc.string(), 200),
    ].map((text) => text.replaceAll('\0', ''));
    const lines = texts.map((text) => `  fwrite(${cString(text)}, 1, sizeof ${cString(text)}, stdout);`);
    const source = `#include <stdio.h>\nint main(void) {\n${lines.join('\n')}\n}\n`;
    const program = join(folder, 'print');
    const flags = ['-std=c11', '-Wall', '-Werror', '-x', 'c', '-', '-o', program];
    expect(spawnSync('gcc', flags, { input: source, encoding: 'utf8' }).stderr).toBe('');
    expect(spawnSync(program).stdout).toEqual(Buffer.from(texts.map((text) => `${text}\0`).join('')));
  });
});
