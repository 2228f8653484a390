import { appendFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPlist } from '../../src/engine/system/plist/read.js';
import { entryOf, isPlistDict } from '../../src/engine/system/plist/value.js';
import { temporaryFolders } from '../temporary-folder.js';
import { snapshot } from '../tree.js';
import { NESTED, plantApp, plantScriptApp } from './app.js';
import { displayArguments, parseSeal } from './codesign-display.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween } from './differing-bytes.js';
import { runTool } from './run-tool.js';
import { copyInto, signTwice } from './signed-twice.js';
import { ourVerdict, sentenceOf, theirVerdict } from './verdict.js';

const newFolder = temporaryFolders('native-bundle');
const SEAL = 'Contents/_CodeSignature/CodeResources';

function entriesOf(path: string, key: string): number {
  const seal = readPlist(readFileSync(path));
  const value = isPlistDict(seal) ? entryOf(seal, key) : undefined;
  return isPlistDict(value) ? Object.keys(value).length : 0;
}

describeOnMac('beside codesign, an app with a framework, a library and a second program', () => {
  it.each([
    ['plain', []],
    ['hardened', ['runtime']],
  ])('has the same files with the same bytes and modes, %s', async (_, flags) => {
    const folder = newFolder();
    const { ours, theirs } = await signTwice(plantApp(folder), folder, { wish: { flags }, nested: NESTED });
    const [our, their] = [readFileSync(join(ours, SEAL)), readFileSync(join(theirs, SEAL))];
    expect(differenceBetween(our, their)).toBeUndefined();
    expect(snapshot(ours)).toEqual(snapshot(theirs));
  });

  it('is accepted by both from both', async () => {
    const folder = newFolder();
    const { ours, theirs } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    expect(theirVerdict(ours)).toEqual({ ok: true, words: '' });
    expect(await ourVerdict(theirs)).toEqual({ ok: true, words: '' });
  });

  it('has a seal in which codesign counts the rules and files that we wrote', async () => {
    const folder = newFolder();
    const { ours } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    const seal = join(ours, SEAL);
    expect(parseSeal(runTool('codesign', displayArguments(ours)).stderr)).toEqual({
      rules: entriesOf(seal, 'rules2'),
      files: entriesOf(seal, 'files2'),
    });
  });
});

describeOnMac('beside codesign, an app whose program is a script', () => {
  it('has the same files with the same bytes, and both accept both', async () => {
    const folder = newFolder();
    const { ours, theirs } = await signTwice(plantScriptApp(folder), folder);
    expect(snapshot(ours)).toEqual(snapshot(theirs));
    expect(theirVerdict(ours)).toEqual({ ok: true, words: '' });
    expect(await ourVerdict(theirs)).toEqual({ ok: true, words: '' });
  });
});

/** What somebody does to a signed app. */
const TAMPERING: readonly (readonly [string, (app: string) => void])[] = [
  [
    'changes a sealed file',
    (app) => {
      appendFileSync(join(app, 'Contents/Resources/data.txt'), 'more');
    },
  ],
  [
    'removes a sealed file',
    (app) => {
      rmSync(join(app, 'Contents/Resources/data.txt'));
    },
  ],
  [
    'adds a file',
    (app) => {
      writeFileSync(join(app, 'Contents/Resources/new.txt'), 'new');
    },
  ],
  [
    'adds a file beside Contents',
    (app) => {
      writeFileSync(join(app, 'new.txt'), 'new');
    },
  ],
  [
    'changes the Info.plist',
    (app) => {
      appendFileSync(join(app, 'Contents/Info.plist'), '\n');
    },
  ],
  [
    'removes the seal',
    (app) => {
      rmSync(join(app, SEAL));
    },
  ],
  [
    'changes the program',
    (app) => {
      flipByte(join(app, 'Contents/MacOS/Tool'));
    },
  ],
  [
    'changes the second program',
    (app) => {
      flipByte(join(app, 'Contents/MacOS/assistant'));
    },
  ],
  [
    'changes the framework',
    (app) => {
      flipByte(join(app, 'Contents/Frameworks/Part.framework/Versions/A/Part'));
    },
  ],
  [
    'links out of the app',
    (app) => {
      symlinkSync('/etc/hosts', join(app, 'Contents/Resources/hosts'));
    },
  ],
];

/** In the code of the first architecture, which begins 16 KiB into a universal file. */
function flipByte(path: string): void {
  const data = readFileSync(path);
  data[0x4000 + 0x800]! ^= 1;
  writeFileSync(path, data);
}

describeOnMac('when somebody tampers with a signed app, and', () => {
  it.each(TAMPERING)('%s, both verifiers refuse it in the same words', async (_, tamper) => {
    const folder = newFolder();
    const { ours } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    const app = copyInto(newFolder(), ours);
    tamper(app);
    const theirs = theirVerdict(app);
    const own = await ourVerdict(app);
    expect([theirs.ok, own.ok]).toEqual([false, false]);
    expect(own.words).toContain(sentenceOf(theirs.words));
  });

  // Apple says that the signature is invalid, we say which part of it.
  it('changes the seal, both verifiers refuse it', async () => {
    const folder = newFolder();
    const { ours } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    appendFileSync(join(ours, SEAL), '\n');
    expect([theirVerdict(ours).ok, (await ourVerdict(ours)).ok]).toEqual([false, false]);
  });
});
