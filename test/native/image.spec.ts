import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, removeSignature } from '../../src/engine/index.js';
import { temporaryFolders } from '../temporary-folder.js';
import { displayArguments, displayOf, parseDisplay } from './codesign-display.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween } from './differing-bytes.js';
import { runTool } from './run-tool.js';
import { signTwice } from './signed-twice.js';
import { ourVerdict, theirVerdict } from './verdict.js';

const newFolder = temporaryFolders('native-image');

/** Never mounted on the way, which fails now and then on busy machines. */
function image(name: string): { path: string; folder: string } {
  const folder = newFolder();
  const content = join(folder, 'content');
  mkdirSync(content);
  writeFileSync(join(content, 'read me.txt'), 'hello\n'.repeat(1000));
  const raw = join(folder, 'raw.dmg');
  const path = join(folder, name);
  runTool('hdiutil', ['makehybrid', '-quiet', '-hfs', '-hfs-volume-name', 'Example', '-o', raw, content]);
  runTool('hdiutil', ['convert', raw, '-quiet', '-format', 'UDZO', '-o', path]);
  return { path, folder };
}

describeOnMac('beside codesign, a disk image', () => {
  it.each([
    ['com.example.product.dmg'],
    // Without a dot in it, the identifier is made unique by a hash of the trailer.
    ['Product.dmg'],
  ])('%s has the same bytes, and both accept both', async (name) => {
    const { path, folder } = image(name);
    const { ours, theirs } = await signTwice(path, folder);
    expect(differenceBetween(readFileSync(ours), readFileSync(theirs))).toBeUndefined();
    expect(theirVerdict(ours)).toEqual({ ok: true, words: '' });
    expect(await ourVerdict(theirs)).toEqual({ ok: true, words: '' });
  });

  it('shows the facts that inspect tells', async () => {
    const { path, folder } = image('com.example.product.dmg');
    const { theirs } = await signTwice(path, folder);
    const { slices } = await inspect({ path: theirs });
    const [slice] = slices;
    expect(displayOf(slice!.signature!)).toEqual(
      parseDisplay(runTool('codesign', displayArguments(theirs)).stderr),
    );
  });

  it('is whole to hdiutil when we have signed it, and when we have removed the signature', async () => {
    const { path, folder } = image('com.example.product.dmg');
    const { ours } = await signTwice(path, folder);
    runTool('hdiutil', ['verify', '-quiet', ours]);
    const removed = join(folder, 'removed.dmg');
    await removeSignature({ path: ours, outputPath: removed });
    runTool('hdiutil', ['verify', '-quiet', removed]);
    expect(differenceBetween(readFileSync(removed), readFileSync(path))).toBeUndefined();
  });
});
