import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhen, describeWithOracle } from '../oracles/oracle.js';
import {
  clang,
  compileForMac,
  compileWithZig,
  imports,
  ld64,
  linkForMac,
  nm,
  run,
  STRICT,
  TARGETS,
  zig,
} from './compilers.js';
import { SOURCE } from './lab.js';

const VARIANTS = {
  'with neutral values': [],
  'with the system log': ['-DHELPER_SYSLOG=1'],
  'with parents matched by a part of their name': ['-DHELPER_PARENT_MATCH=contains'],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compile-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('helper.c', () => {
  const source = readFileSync(SOURCE, 'utf8');

  it('can be read in one sitting: fewer than 400 lines', () => {
    expect(source.split('\n').length - 1).toBeLessThan(400);
  });

  it.each(['proc_pidpath', 'mkstemp', 'SIGALRM', 'execl("/bin/sh", "sh", temp_path, (char *)NULL)'])(
    'says %s literally, where a reviewer looks for it',
    (token) => {
      expect(source).toContain(token);
    },
  );

  it('takes every configured value from helper-config.h', () => {
    const used = new Set(source.match(/\bHELPER_[A-Z_]+\b/g));
    const neutral = readFileSync(join(SOURCE, '../helper-config.h'), 'utf8');
    const defined = new Set([...neutral.matchAll(/^#define (HELPER_\w+)/gm)].map(([, name]) => name));
    expect([...used].sort()).toEqual([...defined].sort());
  });
});

describeWithOracle('gcc', 'gcc, for this machine', () => {
  it.each(Object.entries(VARIANTS))('builds it %s, and has no complaint', (_, flags) => {
    expect(run('gcc', [...STRICT, '-O2', ...flags, SOURCE, '-o', join(folder, 'gcc')])).toBe('');
  });

  it('finds no fault when it analyzes all paths', () => {
    expect(run('gcc', [...STRICT, '-O2', '-fanalyzer', '-c', SOURCE, '-o', join(folder, 'analyzed')])).toBe(
      '',
    );
  });

  it.each([
    ['a way of matching that does not exist', ['-DHELPER_PARENT_MATCH=fuzzy'], 'fuzzy'],
    ['no parent', ['-DHELPER_PARENT=""'], 'HELPER_PARENT must name'],
    ['no time limit', ['-DHELPER_TIMEOUT=0'], 'would never ring'],
    ['no grace period', ['-DHELPER_GRACE=0'], 'would never ring'],
  ])('refuses %s', (_, flags, complaint) => {
    expect(run('gcc', [...flags, '-fsyntax-only', SOURCE])).toContain(complaint);
  });

  const elsewhere = process.platform === 'darwin' ? it.skip : it;
  elsewhere.each(['HELPER_TEAM_ID', 'HELPER_PARENT_ID'])(
    'refuses %s where it could not be checked',
    (name) => {
      expect(run('gcc', [`-D${name}="A1B2C3D4E5"`, '-fsyntax-only', SOURCE])).toContain('on macOS only');
    },
  );
});

describeWhen(clang !== undefined, 'clang is not installed', 'clang, for this machine', () => {
  it.each(Object.entries(VARIANTS))('builds it %s, and has no complaint', (_, flags) => {
    expect(run(clang!, [...STRICT, '-O2', ...flags, SOURCE, '-o', join(folder, 'clang')])).toBe('');
  });
});

const portable = clang !== undefined && ld64 !== undefined && nm !== undefined;
describeWhen(portable, 'clang and LLD are not installed', 'clang and LLD, for macOS', () => {
  it.each(TARGETS)('build a program for $arch that needs libSystem alone', (target) => {
    for (const [index, flags] of Object.values(VARIANTS).entries()) {
      const object = join(folder, `${target.arch}-${index}.o`);
      const identity = ['-DHELPER_TEAM_ID="A1B2C3D4E5"', '-DHELPER_PARENT_ID="org.example.daemon"'];
      expect(compileForMac(target, SOURCE, object, [...STRICT, ...flags, ...identity])).toBe('');
      expect(linkForMac(target, object, join(folder, target.arch))).toBe('');
      expectProgram(join(folder, target.arch), target.cpu);
    }
    expect(imports(join(folder, target.arch))).toEqual(expect.arrayContaining(['_csops', '_proc_pidpath']));
  });
});

describeWhen(zig !== undefined, 'zig is not installed', 'zig, for macOS', () => {
  it.each(TARGETS)(
    'builds a program for $arch',
    (target) => {
      const output = join(folder, `zig-${target.arch}`);
      const flags = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Os', '-s', '-Wl,-headerpad,0x1000'];
      expect(compileWithZig(target, join(folder, 'zig'), [...flags, SOURCE, '-o', output])).toBe('');
      expectProgram(output, target.cpu);
    },
    120_000,
  );
});

/** A 64-bit Mach-O (magic, cpu type, …, file type 2: an executable) that names one library. */
function expectProgram(path: string, cpu: number): void {
  expect(existsSync(path)).toBe(true);
  const bytes = readFileSync(path);
  expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes.readUInt32LE(12)]).toEqual([
    0xfeedfacf,
    cpu,
    2,
  ]);
  const libraries = new Set(bytes.toString('latin1').match(/\/usr\/lib\/[\w.]+\.dylib/g));
  expect([...libraries]).toEqual(['/usr/lib/libSystem.B.dylib']);
}
