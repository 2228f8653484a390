import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sign } from '../../src/engine/sign.js';
import { labSurroundings } from '../lab-surroundings.js';
import { machOFile } from '../macho/macho-file.js';
import { universalFile } from '../macho/universal-file.js';
import { temporaryFolders } from '../temporary-folder.js';
import { differenceBetween, withoutStaleBytes } from './differing-bytes.js';

const newFolder = temporaryFolders('differing-bytes');
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('the difference between two files', () => {
  it('is none when they are equal', () => {
    expect(differenceBetween(bytes(1, 2), bytes(1, 2))).toBeUndefined();
  });

  it('is told by its place and what stands there', () => {
    expect(differenceBetween(bytes(1, 2, 3), bytes(1, 9, 3))).toBe("at 0x1 ours have 0203 and Apple's 0903");
  });

  it('may be that one ends early', () => {
    expect(differenceBetween(bytes(1), bytes(1, 2))).toBe("at 0x1 ours have  and Apple's 02, 1 bytes and 2");
  });
});

describe('when codesign left bytes of an earlier signature', () => {
  it.each([
    ['a thin file', machOFile()],
    ['a universal one', universalFile([machOFile(), machOFile({ cpu: 'x86_64' })])],
  ])('they do not count in %s, and all others do', async (_, file) => {
    const folder = newFolder();
    const path = join(folder, 'tool');
    writeFileSync(path, file);
    await sign({ path, inPlace: true, identity: 'adhoc' }, labSurroundings(folder));
    const clean = Uint8Array.from(readFileSync(path));
    const stale = Uint8Array.from(clean);
    stale[stale.length - 1] = 0xaa;
    writeFileSync(path, stale);
    expect(differenceBetween(await withoutStaleBytes(path), clean)).toBeUndefined();

    const changed = Uint8Array.from(clean);
    changed[40]! ^= 1; // in the header, before every signature
    expect(differenceBetween(changed, await withoutStaleBytes(path))).toMatch(/^at 0x28 /);
  });
});
