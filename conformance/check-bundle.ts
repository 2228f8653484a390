import { join } from 'node:path';
import { verify } from '../src/engine/index.js';
import { equal } from '../src/engine/bytes/concat.js';
import { openBundle, type Bundle } from '../src/engine/apple/bundle/bundle.js';
import { buildCodeResources } from '../src/engine/apple/bundle/code-resources.js';
import { compileRules, defaultRules } from '../src/engine/apple/bundle/rules.js';
import { walkBundle } from '../src/engine/apple/bundle/walk.js';
import { fixedClock } from '../src/engine/system/clock.js';
import { readSmallFile } from '../src/engine/system/files.js';
import { readPlist } from '../src/engine/system/plist/read.js';
import { entryOf, isPlistDict, type PlistDict } from '../src/engine/system/plist/value.js';
import { writeXmlPlist } from '../src/engine/system/plist/write-xml.js';
import { NOW, type BundleCase } from './cases.js';
import type { Comparison } from './resign.js';

/** The seal of a bundle as it was shipped: written anew it is the same, and what it misses is what is missing. */
export async function checkBundle(path: string, { missing = [] }: BundleCase): Promise<Comparison> {
  const bundle = await openBundle(path);
  const shipped = await readSmallFile(join(bundle.root, '_CodeSignature', 'CodeResources'));
  const isSame = equal(await sealOf(bundle), withoutEntries(shipped, missing));
  return {
    CodeResources: isSame ? undefined : 'not the shipped bytes',
    verify: await unexpectedFindings(path, bundle, missing),
  };
}

function sealOf(bundle: Bundle): Promise<Uint8Array> {
  return walkBundle(bundle, compileRules(defaultRules(bundle.layout).rules2)).then((entries) =>
    buildCodeResources({
      bundle,
      entries,
      rules: defaultRules(bundle.layout),
      withSha1: false,
      nested: new Map(),
    }),
  );
}

/** The shipped bytes themselves when nothing is missing. */
function withoutEntries(seal: Uint8Array, missing: readonly string[]): Uint8Array {
  if (missing.length === 0) return seal;
  const plist = readPlist(seal) as PlistDict;
  const rest = (key: string) => {
    const files = entryOf(plist, key);
    return Object.entries(isPlistDict(files) ? files : {}).filter(([name]) => !missing.includes(name));
  };
  return writeXmlPlist({
    ...plist,
    files: Object.fromEntries(rest('files')),
    files2: Object.fromEntries(rest('files2')),
  });
}

async function unexpectedFindings(
  path: string,
  { root }: Bundle,
  missing: readonly string[],
): Promise<string | undefined> {
  const { findings } = await verify({ path }, { clock: fixedClock(NOW) });
  const actual = findings
    .filter(({ severity }) => severity === 'error')
    .map(({ path: at, message }) => `${at}: ${message}`);
  const expected = missing.map(
    (name) => `${join(root, name)}: a sealed resource is missing or invalid: file missing`,
  );
  const [unexpected] = actual.filter((text) => !expected.includes(text));
  if (unexpected !== undefined) return unexpected;
  return actual.length === expected.length
    ? undefined
    : `${actual.length} findings instead of ${expected.length}`;
}
