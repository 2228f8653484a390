import { join } from 'node:path';
import { labSurroundings } from '../../../../test/lab-surroundings.js';
import { machOFile } from '../../../../test/macho/macho-file.js';
import { refusal } from '../../../../test/refusal.js';
import { temporaryFolders } from '../../../../test/temporary-folder.js';
import { plant } from '../../../../test/tree.js';
import { inspect, sign, type SignOptions } from '../../index.js';
import { withSource } from '../../system/files.js';
import { readMachOFile } from '../macho/read-file.js';
import { encodeBlob } from './blob.js';
import { CODE_FLAG, MAGIC, SLOT } from './magic.js';
import { readSignature } from './read-signature.js';
import { adhocSigner } from './signer.js';
import { signMachO } from './sign-macho.js';
import { COMPAT } from '../compat.js';
import { patchedSource } from '../../bytes/patch.js';
import { readBytes, sourceOf } from '../../bytes/source.js';

const newFolder = temporaryFolders('preserved');

/** A program that says all that can be said, launch constraints included. */
async function signedBefore(flags: number): Promise<Uint8Array> {
  const file = await readMachOFile(sourceOf(machOFile()));
  const signer = adhocSigner(COMPAT['macos-26']);
  const constraints = [
    { slot: SLOT.launchConstraintParent, blob: encodeBlob(MAGIC.launchConstraint, Uint8Array.of(1, 2, 3)) },
  ];
  const request = {
    path: 'tool',
    identifier: 'com.example.before',
    flags,
    runtimeVersion: 0x000b0100,
    requirements: undefined,
    entitlements: undefined,
    headerRoom: 'refuse' as const,
    constraints,
    infoPlist: undefined,
    resources: undefined,
  };
  const { patches } = await signMachO(file, request, signer);
  const signed = patchedSource(file.source, patches);
  return readBytes(signed, 0, signed.size);
}

async function signAgain(tool: Uint8Array, options: Partial<SignOptions>) {
  const folder = newFolder();
  plant(folder, { tool });
  const lab = labSurroundings(folder, { cwd: folder });
  await sign({ path: 'tool', outputPath: 'out', identity: 'adhoc', hardenedRuntime: false, ...options }, lab);
  const path = join(folder, 'out');
  const { slices } = await inspect({ path }, lab);
  const constraints = await withSource(path, async (source) => {
    const signature = await readSignature((await readMachOFile(source)).machos[0]!);
    return signature!.superBlob.slots.filter(({ slot }) => slot >= 8 && slot <= 11);
  });
  return { directory: slices[0]!.signature!.codeDirectories[0]!, constraints };
}

const WANTED = CODE_FLAG.runtime | CODE_FLAG.kill;

describe('when code is signed again', () => {
  it('keeps what it was asked to keep, launch constraints byte for byte', async () => {
    const tool = await signedBefore(WANTED);
    const { directory, constraints } = await signAgain(tool, {
      preserve: ['identifier', 'flags', 'runtime', 'constraints'],
    });
    expect(directory).toMatchObject({
      identifier: 'com.example.before',
      flagNames: ['adhoc', 'kill', 'runtime'],
      runtimeVersion: '11.1.0',
    });
    expect(constraints.map(({ slot, blob }) => [slot, Buffer.from(blob).toString('hex')])).toEqual([
      [9, 'fade81810000000b010203'],
    ]);
    expect(directory.specialSlots).toHaveProperty('9');
  });

  it('keeps nothing unasked', async () => {
    const { directory, constraints } = await signAgain(await signedBefore(WANTED), {});
    expect(directory.identifier).toMatch(/^tool-/);
    expect({ flags: directory.flagNames, constraints }).toEqual({ flags: ['adhoc'], constraints: [] });
  });

  it('lets an option win over what is kept', async () => {
    const { directory } = await signAgain(await signedBefore(WANTED), {
      preserve: ['identifier'],
      identifier: 'com.example.now',
    });
    expect(directory.identifier).toBe('com.example.now');
  });

  it("takes nothing from a linker's signature", async () => {
    const tool = await signedBefore(CODE_FLAG['linker-signed']);
    const { directory } = await signAgain(tool, { preserve: ['identifier', 'flags'] });
    expect(directory.identifier).toMatch(/^tool-/);
  });

  it('refuses to keep what it does not know', async () => {
    const wrong = { preserve: ['everything'] } as unknown as Partial<SignOptions>;
    await expect(signAgain(machOFile(), wrong)).rejects.toEqual(
      refusal('INVALID_OPTION', 'everything', 'constraints'),
    );
  });
});
