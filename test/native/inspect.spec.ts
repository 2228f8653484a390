import { join } from 'node:path';
import { inspect } from '../../src/engine/index.js';
import { temporaryFolders } from '../temporary-folder.js';
import { NESTED, plantApp, plantScriptApp } from './app.js';
import { compile, UNIVERSAL } from './clang.js';
import { displayArguments, displayOf, parseDisplay, parseRequirement } from './codesign-display.js';
import { describeOnMac } from './describe-on.js';
import { runTool } from './run-tool.js';
import { signTwice } from './signed-twice.js';

const newFolder = temporaryFolders('native-inspect');

async function signatureOf(path: string, arch: string) {
  const { slices } = await inspect({ path });
  return slices.find((slice) => slice.arch === arch)!.signature!;
}

describeOnMac('beside codesign --display', () => {
  it.each(UNIVERSAL)('the %s part of a hardened program tells the same', async (arch) => {
    const folder = newFolder();
    const path = join(folder, 'tool');
    compile(path, { archs: UNIVERSAL });
    const { theirs } = await signTwice(path, folder, { wish: { flags: ['runtime'] } });
    const { stderr } = runTool('codesign', displayArguments(theirs, arch));
    expect(displayOf(await signatureOf(theirs, arch))).toEqual(parseDisplay(stderr));
  });

  it('what the linker signed tells the same', async () => {
    const path = join(newFolder(), 'tool');
    compile(path, { archs: ['arm64'], signedByLinker: true });
    const { stderr } = runTool('codesign', displayArguments(path, 'arm64'));
    expect(displayOf(await signatureOf(path, 'arm64'))).toEqual(parseDisplay(stderr));
  });

  it('an app tells the same', async () => {
    const folder = newFolder();
    const { theirs } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    const { stderr } = runTool('codesign', displayArguments(theirs, 'arm64'));
    expect(displayOf(await signatureOf(theirs, 'arm64'))).toEqual(parseDisplay(stderr));
  });

  it('a script tells the same', async () => {
    const folder = newFolder();
    const { theirs } = await signTwice(plantScriptApp(folder), folder);
    const { stderr } = runTool('codesign', displayArguments(theirs));
    expect(displayOf(await signatureOf(theirs, 'script'))).toEqual(parseDisplay(stderr));
  });

  it('the programs of the system tell the same', async () => {
    for (const path of ['/bin/ls', '/usr/bin/codesign']) {
      const { slices } = await inspect({ path });
      for (const { arch, signature } of slices) {
        const { stderr } = runTool('codesign', displayArguments(path, arch));
        expect(displayOf(signature!)).toEqual(parseDisplay(stderr));
      }
    }
  });

  it('a universal program has the same requirement, its hashes in the same order', async () => {
    const folder = newFolder();
    const path = join(folder, 'tool');
    compile(path, { archs: UNIVERSAL });
    const { ours, receipt } = await signTwice(path, folder);
    const { text, isImplicit } = parseRequirement(runTool('codesign', ['--display', '-r-', ours]).stdout);
    expect(isImplicit).toBe(true);
    expect(receipt.files.at(-1)!.designatedRequirement).toBe(text);
  });
});
