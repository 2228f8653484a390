import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWhen } from '../../../../test/oracles/oracle.js';
import { CPU_ARM64, CPU_X86_64 } from '../macho/arch.js';
import { FILE_TYPE, machHeader, MH_MAGIC_64 } from '../macho/layout.js';
import { encodeUniversal } from './universal.js';

const hasLipo = spawnSync('llvm-lipo-19', ['--version']).error === undefined;

/** A Mach-O with no load commands, and `size` bytes long. */
function thin(cpuType: number, cpuSubtype: number, size: number): Uint8Array {
  const data = new Uint8Array(size).fill(0xa5, 32);
  const fileType = FILE_TYPE.execute;
  machHeader.write(
    data,
    { magic: MH_MAGIC_64, cpuType, cpuSubtype, fileType, commandCount: 0, commandsSize: 0, flags: 0 },
    0,
    'little',
  );
  return data;
}

describeWhen(hasLipo, 'llvm-lipo-19 is not installed', 'encodeUniversal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'universal-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    [100, 200],
    [4096, 16384],
    [16385, 33],
  ])('writes the bytes of lipo for slices of %i and %i bytes', async (intel, arm) => {
    // Compiled programs would do, too; the 0x80 of the Intel subtype is what linkers write.
    const slices = [thin(CPU_X86_64, 0x80000003, intel), thin(CPU_ARM64, 0, arm)];
    const files = slices.map((slice, i) => {
      const path = join(folder, `slice-${i}`);
      writeFileSync(path, slice);
      return path;
    });
    const output = join(folder, 'universal');
    const lipo = spawnSync(
      'llvm-lipo-19',
      [...files, '-create', '-segalign', 'x86_64', '1000', '-segalign', 'arm64', '4000', '-output', output],
      { encoding: 'utf8' },
    );
    expect(lipo.stderr).toBe('');
    expect(Buffer.from(await encodeUniversal(slices)).equals(readFileSync(output))).toBe(true);
  });
});

it('refuses what is no Mach-O', async () => {
  await expect(encodeUniversal([new TextEncoder().encode('#!/bin/sh\n')])).rejects.toMatchObject({
    code: 'NOT_SIGNABLE',
  });
});
