import { cpSync, mkdtempSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sign, type IdentityOption, type Receipt } from '../../src/engine/index.js';
import { runTool } from './run-tool.js';
import { codesignArguments, engineOptions, type CodesignIdentity, type SigningWish } from './signing-wish.js';
import { thisMac } from './this-mac.js';

/** The same thing, signed by Apple's codesign and by us, in two folders under its own name. */
export interface SignedTwice {
  readonly theirs: string;
  readonly ours: string;
  readonly receipt: Receipt;
}

/** One key, as codesign finds it in a keychain and as our signer finds it in a file. */
export interface BothIdentities {
  readonly codesign: CodesignIdentity;
  readonly engine: IdentityOption;
  /** All that our signer finds in its environment: nothing in that of the test may change who signs. */
  readonly env: Readonly<Record<string, string>>;
}

export interface SigningTask {
  readonly wish?: SigningWish;
  /** Code within a bundle, inside out: codesign signs one piece at a time, ours all of them. */
  readonly nested?: readonly string[];
  /** Ad-hoc when absent. */
  readonly identity?: BothIdentities;
  /** Called when codesign is done: the time in its signature, for ours to have the same. */
  readonly signingTime?: (theirs: string) => Promise<Date>;
}

/** @param folder temporary, and left to the caller to remove */
export async function signTwice(path: string, folder: string, task: SigningTask = {}): Promise<SignedTwice> {
  const { wish = {}, nested = [], identity, signingTime } = task;
  const theirs = copyInto(mkdtempSync(join(folder, 'theirs-')), path);
  const whatFollows = { ...(wish.flags && { flags: wish.flags }) };
  for (const part of nested)
    runTool('codesign', codesignArguments(join(theirs, part), whatFollows, identity?.codesign));
  runTool('codesign', codesignArguments(theirs, wish, identity?.codesign));
  const ours = join(mkdtempSync(join(folder, 'ours-')), basename(path));
  const receipt = await sign(
    {
      ...engineOptions(wish),
      path,
      outputPath: ours,
      identity: identity?.engine ?? 'adhoc',
      compat: thisMac(),
      ...(signingTime && { signingTime: await signingTime(theirs) }),
    },
    { env: identity?.env ?? {} },
  );
  return { theirs, ours, receipt };
}

export function copyInto(folder: string, path: string): string {
  const copy = join(folder, basename(path));
  cpSync(path, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}
