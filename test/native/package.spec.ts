import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, removeSignature, sign, verify } from '../../src/engine/index.js';
import { temporaryFolders } from '../temporary-folder.js';
import { snapshot } from '../tree.js';
import { describeOnMac } from './describe-on.js';
import { parsePackageStatus } from './package-status.js';
import { runTool } from './run-tool.js';
import { writeThrowAwayIdentity } from './throw-away-identity.js';

const newFolder = temporaryFolders('native-package');

function builtPackage(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(root);
  writeFileSync(join(root, 'read me.txt'), 'hello\n'.repeat(1000));
  const path = join(folder, 'example.pkg');
  const what = [
    '--identifier',
    'com.example.product',
    '--version',
    '1.0',
    '--install-location',
    '/tmp/example',
  ];
  runTool('pkgbuild', ['--quiet', '--root', root, ...what, path]);
  return path;
}

function expanded(path: string, folder: string, name: string): Record<string, string> {
  const target = join(folder, name);
  runTool('pkgutil', ['--expand', path, target]);
  return snapshot(target);
}

/** 1 says that nobody vouches for the signer, or that there is none. */
function statusOf(path: string) {
  return parsePackageStatus(runTool('pkgutil', ['--check-signature', path], { statuses: [0, 1] }).stdout);
}

// productsign itself signs with Apple's certificates alone, so there is nothing to compare bytes with.
describeOnMac('a package of pkgbuild that we signed', () => {
  it('is signed to pkgutil, by the certificate that we used', async () => {
    const folder = newFolder();
    const { p12, env, certificate } = await writeThrowAwayIdentity(folder);
    const path = builtPackage(folder);
    const ours = join(folder, 'signed.pkg');
    await sign({ path, outputPath: ours, identity: p12, timestamp: false }, { env });
    const { status, fingerprints } = statusOf(ours);
    expect(status).toBe('signed by untrusted certificate');
    expect(fingerprints).toEqual([certificate.sha256]);
    expect((await verify({ path: ours })).ok).toBe(true);
  });

  it('holds what it held before, and so does one whose signature we removed', async () => {
    const folder = newFolder();
    const { p12, env } = await writeThrowAwayIdentity(folder);
    const path = builtPackage(folder);
    const ours = join(folder, 'signed.pkg');
    const removed = join(folder, 'removed.pkg');
    await sign({ path, outputPath: ours, identity: p12, timestamp: false }, { env });
    await removeSignature({ path: ours, outputPath: removed });
    const before = expanded(path, folder, 'before');
    expect(expanded(ours, folder, 'after')).toEqual(before);
    expect(expanded(removed, folder, 'again')).toEqual(before);
    expect(statusOf(removed).status).toBe('no signature');
  });

  it('is refused by pkgutil and by us when its table of contents was changed', async () => {
    const folder = newFolder();
    const { p12, env } = await writeThrowAwayIdentity(folder);
    const ours = join(folder, 'signed.pkg');
    await sign({ path: builtPackage(folder), outputPath: ours, identity: p12, timestamp: false }, { env });
    const data = readFileSync(ours);
    const { checksum } = (await inspect({ path: ours })) as { checksum: { value: string } };
    data[data.indexOf(Buffer.from(checksum.value, 'hex'))]! ^= 1;
    writeFileSync(ours, data);
    expect(statusOf(ours).status).not.toMatch(/^signed/);
    expect((await verify({ path: ours })).ok).toBe(false);
  });
});
