import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusal } from '../../../test/refusal.js';
import { temporaryFolders } from '../../../test/temporary-folder.js';
import { plant, snapshot } from '../../../test/tree.js';
import { patchedSource, type Patch } from '../bytes/patch.js';
import { readBytes, sourceOf } from '../bytes/source.js';
import { copyTree, flush, patchOwnFile, readSmallFile, withSource, writePatched } from './files.js';

const newFolder = temporaryFolders('files');
const opened = () => Promise.resolve('opened');
const modeOf = (path: string) => statSync(path).mode & 0o7777;

describe('when a file is opened', () => {
  it('it is read at any place, and its size and mode are known', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, 'content');
    chmodSync(path, 0o751);
    await withSource(path, async (source) => {
      expect([source.size, source.mode]).toEqual([7, 0o751]);
      expect(new TextDecoder().decode(await readBytes(source, 3, 4))).toBe('tent');
      await expect(readBytes(source, 3, 5)).rejects.toMatchObject({ name: 'OutOfBounds' });
    });
  });

  it('a file that has become shorter since is an error', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, 'content');
    await withSource(path, async (source) => {
      writeFileSync(path, 'c');
      await expect(readBytes(source, 0, 7)).rejects.toMatchObject({ code: 'IO' });
    });
  });

  it.each([
    ['absent', 'NOT_FOUND'],
    ['file/below', 'NOT_FOUND'],
    ['circle', 'INVALID_OPTION'],
    ['x'.repeat(300), 'INVALID_OPTION'],
  ] as const)('what cannot be opened is named, with what to do: %s', async (name, code) => {
    const folder = newFolder();
    plant(folder, { file: '', circle: { link: 'circle' } });
    const refused = refusal(code, join(folder, name));
    await expect(withSource(join(folder, name), opened)).rejects.toEqual(refused);
    await expect(readSmallFile(join(folder, name))).rejects.toEqual(refused);
  });

  it.each(['folder', 'pipe'])('a %s is refused at once', async (name) => {
    const folder = newFolder();
    mkdirSync(join(folder, 'folder'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(withSource(join(folder, name), opened)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});

const patchesFor = (size: number) =>
  fc
    .array(fc.record({ gap: fc.nat(40), remove: fc.nat(20), put: fc.uint8Array({ maxLength: 30 }) }), {
      maxLength: 6,
    })
    .map((steps) => {
      const patches: Patch[] = [];
      let at = 0;
      for (const { gap, remove, put } of steps) {
        at += gap;
        if (at + remove > size) break;
        patches.push({ at, remove, put });
        at += remove + 1;
      }
      return patches;
    });

describe('when a file is patched', () => {
  const original = Uint8Array.from({ length: 200 }, (_, i) => i);

  it('the file reads as the patched bytes do, whether it is written anew or changed in place', async () => {
    const folder = newFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(patchesFor(original.length), async (patches) => {
        const [written, own] = [join(folder, `written${run}`), join(folder, `own${run++}`)];
        const virtual = patchedSource(sourceOf(original), patches);
        const wanted = Buffer.from(await readBytes(virtual, 0, virtual.size));
        await writePatched(sourceOf(original), patches, written, 0o644);
        writeFileSync(own, original);
        await withSource(own, (source) => patchOwnFile(source, patches));
        expect(readFileSync(written).equals(wanted)).toBe(true);
        expect(readFileSync(own).equals(wanted)).toBe(true);
      }),
      { numRuns: 80 },
    );
  });

  it.each([0o755, 0o555, 0o400, 0o4755])('it keeps its mode, whatever the umask: %s', async (mode) => {
    const folder = newFolder();
    const path = join(folder, 'own');
    const previous = process.umask(0o077);
    try {
      await writePatched(sourceOf(original), [], path, mode);
      expect(modeOf(path)).toBe(mode);
      const grow = { at: 10, remove: 0, put: Uint8Array.of(1) };
      await withSource(path, (source) => patchOwnFile(source, [{ ...grow, remove: 1 }]));
      expect(modeOf(path)).toBe(mode);
      await withSource(path, (source) => patchOwnFile(source, [grow]));
      expect(modeOf(path)).toBe(mode);
    } finally {
      process.umask(previous);
    }
  });

  it('a file that is there already is not written over', async () => {
    const path = join(newFolder(), 'theirs');
    writeFileSync(path, 'theirs');
    await expect(writePatched(sourceOf(original), [], path, 0o644)).rejects.toEqual(
      refusal('INVALID_OPTION', path),
    );
    expect(readFileSync(path, 'utf8')).toBe('theirs');
  });
});

describe('when a folder is copied', () => {
  it('links stay what they are, modes and times are kept', async () => {
    const folder = newFolder();
    plant(folder, {
      'from/program': { data: Uint8Array.of(1, 2), mode: 0o555 },
      'from/deep/er/data': 'data',
      'from/link': { link: 'deep/er' },
      'from/dangling': { link: '../nowhere' },
      'from/absolute': { link: '/etc/hosts' },
    });
    mkdirSync(join(folder, 'from/empty'));
    chmodSync(join(folder, 'from/deep'), 0o700);
    utimesSync(join(folder, 'from/program'), 1, 2);
    await copyTree(join(folder, 'from'), join(folder, 'to'));
    expect(snapshot(join(folder, 'to'))).toEqual(snapshot(join(folder, 'from')));
    expect(statSync(join(folder, 'to/program')).mtimeMs).toBe(2000);
    await expect(flush(join(folder, 'to'))).resolves.toBeUndefined();
  });

  it('what is neither file, folder nor link is refused by its path', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'from'));
    execFileSync('mkfifo', [join(folder, 'from/pipe')]);
    await expect(copyTree(join(folder, 'from'), join(folder, 'to'))).rejects.toEqual(
      refusal('UNSUPPORTED', 'from/pipe'),
    );
  });

  it('read-only folders become writable for their owner: the signature goes into them', async () => {
    const folder = newFolder();
    plant(folder, { 'from/inside/data': '' });
    chmodSync(join(folder, 'from/inside'), 0o555);
    await copyTree(join(folder, 'from'), join(folder, 'to'));
    expect(modeOf(join(folder, 'to/inside'))).toBe(0o755);
  });
});
