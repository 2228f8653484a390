import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRequirement, encodeRequirement } from '../../src/engine/apple/signature/requirement-blob.js';
import { compileRequirement } from '../../src/engine/apple/signature/requirement-compile.js';
import { printRequirement } from '../../src/engine/apple/signature/requirement-text.js';
import { temporaryFolders } from '../temporary-folder.js';
import { csreqArguments } from './csreq-arguments.js';
import { describeOnMac } from './describe-on.js';
import { differenceBetween } from './differing-bytes.js';
import { runTool } from './run-tool.js';

const newFolder = temporaryFolders('native-requirement');
const HASH = 'H"0123456789abcdef0123456789abcdef01234567"';

/** Every kind of clause, and what precedence, quotes and white space can do to it. */
const REQUIREMENTS = [
  'always',
  'never',
  'identifier com.example.app',
  'identifier "com.example.app"',
  'identifier plain',
  'identifier "always"',
  'identifier "7zip"',
  'identifier "a \\"quoted\\" \\\\ name"',
  'identifier "ümlaut"',
  'identifier 0x6162',
  'anchor apple',
  'anchor apple generic',
  'anchor trusted',
  'anchor apple "named"',
  `anchor = ${HASH}`,
  `cdhash ${HASH}`,
  'notarized',
  'legacy',
  'platform = 14',
  `certificate leaf = ${HASH}`,
  `certificate root = ${HASH}`,
  `certificate 1 = ${HASH}`,
  `certificate -2 = ${HASH}`,
  'certificate leaf trusted',
  'certificate leaf[subject.OU] = ABCDE12345',
  'certificate leaf[subject.OU] = "7BCDE12345"',
  'certificate leaf[subject.CN] = "Developer ID Application: Example, Inc. (ABCDE12345)"',
  'certificate 1[field.1.2.840.113635.100.6.2.6] exists',
  'certificate 1[field.1.2.840.113635.100.6.2.6]',
  'certificate leaf[field.1.2.840.113635.100.6.1.13] absent',
  'certificate leaf[extension.1.2.840.113635.100.6.1.13] exists',
  'certificate leaf[policy.1.2.840.113635.100.5.1] exists',
  'certificate leaf[timestamp.1.2.840.113635.100.6.1.33] exists',
  'certificate leaf[timestamp.1.2.840.113635.100.6.1.33] >= timestamp "20190408000000Z"',
  'certificate leaf[timestamp.1.2.840.113635.100.6.1.33] absent or certificate leaf[timestamp.1.2.840.113635.100.6.1.33] < timestamp "20190408000000Z"',
  'info[CFBundleShortVersionString] >= "17.4"',
  'info[CFBundleVersion] < 9',
  'info[CFBundleName] = Ex*',
  'info[CFBundleName] = *le',
  'info[CFBundleName] = *amp*',
  'info[CFBundleName] ~ amp',
  'info["a key"] exists',
  'entitlement["com.apple.security.app-sandbox"] exists',
  'entitlement[com.apple.security.app-sandbox] exists',
  '! anchor apple',
  '!(anchor apple or notarized)',
  'anchor apple and notarized and always',
  'anchor apple or notarized or always',
  'anchor apple and notarized or always and never',
  'anchor apple and (notarized or always)',
  '(anchor apple and notarized) and (always and never)',
  'always /* a remark */ and # another\n never // and one more',
] as const;

describeOnMac('beside csreq', () => {
  it.each(REQUIREMENTS)('%s compiles to the same bytes, or to none', (text) => {
    const file = join(newFolder(), 'requirement');
    const { status } = runTool('csreq', csreqArguments({ compileTo: file }), {
      input: text,
      statuses: [0, 1],
    });
    const ours = ourCompilation(text);
    expect(ours === undefined).toBe(status !== 0);
    if (ours) expect(differenceBetween(ours, readFileSync(file))).toBeUndefined();
  });

  it.each(REQUIREMENTS)('%s is printed with the same letters', (text) => {
    const file = join(newFolder(), 'requirement');
    const compiled = runTool('csreq', csreqArguments({ compileTo: file }), { input: text, statuses: [0, 1] });
    if (compiled.status !== 0) return; // Compiled to none: the test above asks the same of ours.
    const { stdout } = runTool('csreq', csreqArguments({ print: file }));
    expect(printRequirement(decodeRequirement(readFileSync(file)))).toBe(stdout.replace(/\n$/, ''));
  });
});

function ourCompilation(text: string): Uint8Array | undefined {
  try {
    return encodeRequirement(compileRequirement(text));
  } catch {
    return undefined;
  }
}
