import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPlist } from '../../src/engine/system/plist/read.js';
import { Real, type PlistValue } from '../../src/engine/system/plist/value.js';
import { writeXmlPlist } from '../../src/engine/system/plist/write-xml.js';
import { temporaryFolders } from '../temporary-folder.js';
import { NESTED, plantApp } from './app.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween } from './differing-bytes.js';
import { runTool } from './run-tool.js';
import { signTwice } from './signed-twice.js';

const newFolder = temporaryFolders('native-plist');

/** What plutil makes of a file: it writes with CoreFoundation, like codesign. */
function rewritten(path: string, format: 'xml1' | 'binary1'): Uint8Array {
  const target = `${path}.${format}`;
  runTool('plutil', ['-convert', format, '-o', target, path]);
  return readFileSync(target);
}

const data = (size: number) => Uint8Array.from({ length: size }, (_, i) => i);

const VALUES: readonly (readonly [string, PlistValue])[] = [
  ['data of every length about the end of a line', Array.from({ length: 130 }, (_, size) => data(size))],
  ['data deep in lists', nested(12, data(100))],
  ['texts that need care', { 'a & b <c> "d" \'e\'': '& < > " \' \u00fc \u{1f600}', '': '' }],
  ['keys out of order', { b: 1, a: 2, B: 3, 'a.b': 4, 'a b': 5, e: 6, f: 7, '\u00e9': 8 }],
  ['numbers', [0, -1, 2 ** 53 - 1, -(2n ** 63n), 2n ** 63n - 1n]],
  ['reals', [0, 1, 10, 1000, 0.5, 0.1, -2.5, 1e21, 1e-7, Math.PI].map((value) => new Real(value))],
  ['dates', [new Date(0), new Date('2026-11-22T12:34:56Z'), new Date('1969-12-31T23:59:59Z')]],
  ['empty things', { list: [], dict: {}, text: '', data: data(0) }],
  ['truths', [true, false]],
];

function nested(levels: number, value: PlistValue): PlistValue {
  return levels === 0 ? value : [value, nested(levels - 1, value)];
}

describeOnMac('beside plutil', () => {
  it.each(VALUES)('%s: we write the same XML', (_, value) => {
    const path = join(newFolder(), 'value.plist');
    const ours = writeXmlPlist(value);
    writeFileSync(path, ours);
    expect(differenceBetween(ours, rewritten(path, 'xml1'))).toBeUndefined();
  });

  it.each(VALUES)('%s: we read its binary form', (_, value) => {
    const path = join(newFolder(), 'value.plist');
    writeFileSync(path, writeXmlPlist(value));
    expect(writeXmlPlist(readPlist(rewritten(path, 'binary1')))).toEqual(writeXmlPlist(value));
  });

  it('a seal is a property list as CoreFoundation writes it', async () => {
    const folder = newFolder();
    const { ours } = await signTwice(plantApp(folder), folder, { nested: NESTED });
    const seal = join(ours, 'Contents/_CodeSignature/CodeResources');
    runTool('plutil', ['-lint', seal]);
    expect(differenceBetween(readFileSync(seal), rewritten(seal, 'xml1'))).toBeUndefined();
  });
});
