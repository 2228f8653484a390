import { basename, join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { readSmallFile } from '../../system/files.js';
import { kindOf } from '../../system/folder.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistDict, type PlistDict } from '../../system/plist/value.js';
import { checkForCopies, findLayout, type BundleLayout } from './layout.js';

/** A folder that macOS treats as one piece of code. */
export interface Bundle {
  /** As given: `X.app`, `X.framework`. */
  readonly path: string;
  /** What the seal covers and its paths count from: `Contents`, `Versions/A`, or the bundle itself. */
  readonly root: string;
  readonly layout: BundleLayout['kind'];
  readonly infoPlist: Uint8Array;
  readonly info: PlistDict;
  /** Main executable, relative to `root`; in a bundle without a program the Info.plist stands for it. */
  readonly executable: string;
  readonly hasProgram: boolean;
  readonly identifier: string | undefined;
}

/** @throws SigningError `INVALID_BUNDLE`, `INVALID_INFO_PLIST` */
export async function openBundle(path: string): Promise<Bundle> {
  const { root, infoPlistPath, kind: layout, executableFolder } = await findLayout(path);
  const infoPlist = await readSmallFile(infoPlistPath);
  const info = parseInfo(infoPlist, infoPlistPath);
  const program = await findExecutable(info, path, root, executableFolder);
  const infoPlistName = infoPlistPath.slice(root.length + 1);
  const known = program === undefined ? [infoPlistName] : [infoPlistName, program];
  if (executableFolder === '') await checkForCopies(path, root, known);
  return {
    ...{ path, root, layout, infoPlist, info },
    executable: program ?? infoPlistName,
    hasProgram: program !== undefined,
    identifier: textIn(info, 'CFBundleIdentifier'),
  };
}

function parseInfo(data: Uint8Array, path: string): PlistDict {
  const info = parsePlist(data, path);
  if (isPlistDict(info)) return info;
  throw new SigningError('INVALID_INFO_PLIST', `${path} is not a dictionary`, {
    hint: 'check it with plutil -lint',
  });
}

function parsePlist(data: Uint8Array, path: string) {
  try {
    return readPlist(data);
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    throw new SigningError('INVALID_INFO_PLIST', `${path}: ${error.message}`, {
      hint: 'check it with plutil -lint',
    });
  }
}

/** CFBundleExecutable, else the bundle's own name, as CFBundle looks for it; a bundle may have none. */
async function findExecutable(
  info: PlistDict,
  path: string,
  root: string,
  folder: string,
): Promise<string | undefined> {
  const named = textIn(info, 'CFBundleExecutable');
  const name = named ?? basename(path).replace(/\.[^.]*$/, '');
  if (name === '' || name === '..' || /[/\0]/.test(name)) {
    throw new SigningError(
      'INVALID_INFO_PLIST',
      `CFBundleExecutable is ${JSON.stringify(name)}, which is no file name (${path})`,
      { hint: 'name the program alone, without its folder' },
    );
  }
  const isThere = (await kindOf(join(root, folder, name))) === 'file';
  if (isThere && folder !== '') await checkIsWithin(join(root, folder));
  if (isThere) return folder === '' ? name : `${folder}/${name}`;
  if (named === undefined) return undefined;
  throw new SigningError(
    'INVALID_BUNDLE',
    `${join(root, folder, name)} is not a regular file, but CFBundleExecutable names it`,
    {
      hint: 'build the program before the bundle is signed, or correct CFBundleExecutable',
    },
  );
}

/** By way of a link, a file outside of the bundle would be signed, and nothing of it be sealed. */
async function checkIsWithin(folder: string): Promise<void> {
  if ((await kindOf(folder)) === 'folder') return;
  throw new SigningError('INVALID_BUNDLE', `${folder} is a symbolic link`, {
    hint: 'put the folder of the programs itself into the bundle',
  });
}

export function textIn(info: PlistDict, key: string): string | undefined {
  const value = entryOf(info, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
