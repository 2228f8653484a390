import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSmallFile, writeSmallFile } from '../../system/files.js';
import type { Reporter } from '../../system/reporter.js';
import type { Machine } from '../toolchain/choose-compiler.js';
import type { HelperRequest } from './helper-options.js';
import { checkInfoPlist, defaultInfoPlist, type HelperFacts } from './info-plist.js';
import { makeProgram, planProgram, type MadeProgram } from './make-program.js';

interface BundleSurroundings {
  readonly reporter: Reporter;
  readonly machine: Machine;
}

/**
 * Makes the unsigned bundle at `app`: Contents/Info.plist and Contents/MacOS/<name>, and no more than these.
 * @throws SigningError `INVALID_INFO_PLIST`, `INVALID_HELPER`, `COMPILE_FAILED`, `NO_COMPILER`
 */
export async function makeBundle(
  request: HelperRequest,
  app: string,
  surroundings: BundleSurroundings,
): Promise<MadeProgram> {
  const executable = join(app, 'Contents', 'MacOS', request.name);
  await mkdir(dirname(executable), { recursive: true });
  const made = await makeProgram(request, executable, surroundings);
  const infoPlist = await checkedInfoPlist(request, made, surroundings.reporter);
  await writeSmallFile(join(app, 'Contents', 'Info.plist'), infoPlist);
  return made;
}

/** As `makeBundle`, without making anything. */
export async function planBundle(
  request: HelperRequest,
  { machine, reporter }: BundleSurroundings,
): Promise<MadeProgram> {
  const planned = await planProgram(request, machine);
  await checkedInfoPlist(request, planned, reporter);
  return planned;
}

async function checkedInfoPlist(
  request: HelperRequest,
  { minimumVersions }: MadeProgram,
  reporter: Reporter,
): Promise<Uint8Array> {
  const facts: HelperFacts = { ...request, minimumVersions };
  const { infoPlist: path } = request;
  const data = path === undefined ? defaultInfoPlist(facts) : await readSmallFile(path);
  for (const warning of checkInfoPlist(data, facts, path ?? 'the Info.plist')) reporter.warn(warning);
  return data;
}
