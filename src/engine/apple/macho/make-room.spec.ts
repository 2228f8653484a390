import { machOFile, type MachOShape } from '../../../../test/macho/macho-file.js';
import { refusal } from '../../../../test/refusal.js';
import { patchedSource } from '../../bytes/patch.js';
import { readBytes, sourceOf, type ByteSource } from '../../bytes/source.js';
import { FILE_TYPE, LC, linkeditData } from './layout.js';
import { makeRoom, type RoomRequest } from './make-room.js';
import { readMachO, type MachO } from './read.js';
import { removalPatches } from './remove-signature.js';

const SPACE = 512;
const REQUEST: RoomRequest = { space: SPACE, allocator: 'in-process', headerRoom: 'refuse' };
const readShape = (shape: MachOShape) => readMachO(sourceOf(machOFile(shape)));
const roomIn = async (shape: MachOShape) => makeRoom(await readShape(shape), REQUEST);

describe('when there is room for the load command', () => {
  it.each([16, 17, 64])(
    'of 16 bytes, with %s bytes of padding, it goes there and nothing moves',
    async (free) => {
      const macho = await readShape({ headerPadding: free });
      const { codeLimit, patches } = await makeRoom(macho, REQUEST);
      const patched = patchedSource(macho.source, patches);
      expect(patched.size).toBe(macho.source.size);
      const { codeSignature, commandCount, segments } = await readMachO(longer(patched, SPACE + 16));
      expect(codeSignature).toMatchObject({ offset: codeLimit, size: SPACE });
      expect(codeLimit % 16).toBe(0);
      expect(commandCount).toBe(macho.commandCount + 1);
      const linkedit = segments.find(({ name }) => name === '__LINKEDIT')!;
      expect(linkedit.fileOffset + linkedit.fileSize).toBe(codeLimit + SPACE);
    },
  );

  it.each(['ppc', 'ppc64', 'i386'] as const)('also in a file of %s', async (cpu) => {
    const macho = await readShape({ cpu });
    const { codeLimit, patches } = await makeRoom(macho, { ...REQUEST, allocator: 'cctools' });
    const patched = await readMachO(longer(patchedSource(macho.source, patches), SPACE + 16));
    expect(patched.codeSignature).toMatchObject({ offset: codeLimit, size: SPACE });
  });
});

describe('when there is no room for the load command', () => {
  it.each([
    [0, 16],
    [8, 8],
    [15, 1],
  ])('because only %s bytes are free, says that %s are missing and how to relink', async (free, missing) => {
    await expect(roomIn({ headerPadding: free })).rejects.toEqual(
      refusal('NO_HEADER_ROOM', `${missing} bytes are missing`, '-headerpad'),
    );
  });

  it('because something stands in it, does not write over that', async () => {
    await expect(roomIn({ headerPadding: 64, paddingByte: 0x90 })).rejects.toEqual(
      refusal('NO_HEADER_ROOM', '', '-headerpad'),
    );
  });

  it('a signature that is there already needs none', async () => {
    const signature = new Uint8Array(64);
    await expect(roomIn({ headerPadding: 0, signature })).resolves.toMatchObject({});
  });
});

describe('when a file cannot take a signature', () => {
  it.each([
    ['an object file', FILE_TYPE.object],
    ['a dSYM companion file', FILE_TYPE.dsym],
    ['Mach-O file type 4', 4],
  ])('%s is refused by name', async (name, fileType) => {
    await expect(roomIn({ fileType })).rejects.toMatchObject({
      code: 'NOT_SIGNABLE',
      message: expect.stringContaining(name) as string,
    });
  });

  it('a file without __LINKEDIT is refused', async () => {
    await expect(roomIn({ withLinkedit: false })).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  it('a file whose __LINKEDIT passes its end is refused', async () => {
    const data = machOFile();
    const macho = await readMachO(sourceOf(data.subarray(0, -1)));
    await expect(makeRoom(macho, REQUEST)).rejects.toMatchObject({ code: 'MALFORMED' });
  });

  it('data behind a signature is not given up', async () => {
    const data = machOFile({ signature: new Uint8Array(64) });
    const appended = new Uint8Array(data.length + 8);
    appended.set(data);
    const macho = await readMachO(sourceOf(appended));
    const refused = refusal('SIGNATURE_NOT_AT_END', '8 bytes');
    await expect(makeRoom(macho, REQUEST)).rejects.toEqual(refused);
    expect(() => removalPatches(macho, { trimsPadding: true, shrinksLinkedit: false })).toThrow(refused);
  });

  it.each([
    ['the header', 40],
    ['the code', 3000],
  ])('a signature that claims to begin in %s is refused: it would be overwritten', async (_, offset) => {
    const macho = await withSignatureAt(offset);
    await expect(makeRoom(macho, REQUEST)).rejects.toMatchObject({ code: 'MALFORMED' });
    expect(() => removalPatches(macho, { trimsPadding: true, shrinksLinkedit: false })).toThrow(
      'outside __LINKEDIT',
    );
  });

  it('a file that would reach beyond 4 GiB is refused: the load command has 32 bits', async () => {
    const macho = await readMachO(longer(sourceOf(machOFile()), 0xffffffff));
    await expect(makeRoom(macho, REQUEST)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

/** A signed file whose load command says that everything from `offset` on is signature. */
async function withSignatureAt(offset: number): Promise<MachO> {
  const data = machOFile({ signature: new Uint8Array(64) });
  const { codeSignature } = await readMachO(sourceOf(data));
  const command = { command: LC.codeSignature, size: 16, dataOffset: offset, dataSize: data.length - offset };
  linkeditData.write(data, command, codeSignature!.at, 'little');
  return readMachO(sourceOf(data));
}

/** `more` zeros behind `source`, which are nowhere in memory. */
function longer(source: ByteSource, more: number): ByteSource {
  return {
    size: source.size + more,
    read: async (at, into) => {
      into.fill(0);
      const there = Math.max(0, Math.min(into.length, source.size - at));
      into.set(await readBytes(source, Math.min(at, source.size), there));
    },
  };
}
