import { basename, join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { readSmallFile } from '../../system/files.js';
import { kindOf, linkTarget, listFolder, resolvedPath } from '../../system/folder.js';
import { readPlist } from '../../system/plist/read.js';
import { entryOf, isPlistDict, type PlistDict } from '../../system/plist/value.js';

/** A folder that macOS treats as one piece of code. */
export interface Bundle {
  /** As given: `X.app`, `X.framework`. */
  readonly path: string;
  /** What the seal covers and its paths count from: `Contents`, `Versions/A`, or the bundle itself. */
  readonly root: string;
  readonly layout: 'deep' | 'flat';
  readonly infoPlist: Uint8Array;
  readonly info: PlistDict;
  /** Main executable, relative to `root`; in a bundle without a program the Info.plist stands for it. */
  readonly executable: string;
  readonly hasProgram: boolean;
  readonly identifier: string | undefined;
}

/** @throws SigningError `INVALID_BUNDLE`, `INVALID_INFO_PLIST` */
export async function openBundle(path: string): Promise<Bundle> {
  const { root, infoPlistPath, layout, executableFolder } = await findLayout(path);
  const infoPlist = await readSmallFile(infoPlistPath);
  const info = parseInfo(infoPlist, infoPlistPath);
  const executable = await findExecutable(info, path, root, executableFolder);
  const identifier = textIn(info, 'CFBundleIdentifier');
  const common = { path, root, layout, infoPlist, info, identifier };
  if (executable !== undefined) return { ...common, executable, hasProgram: true };
  return { ...common, executable: infoPlistPath.slice(root.length + 1), hasProgram: false };
}

interface Layout {
  readonly root: string;
  readonly infoPlistPath: string;
  readonly layout: Bundle['layout'];
  /** Relative to `root`, with its slash. */
  readonly executableFolder: string;
}

/** The layouts that CFBundle knows, in its order. */
async function findLayout(path: string): Promise<Layout> {
  if (await isFolder(join(path, 'Contents'))) {
    const root = join(path, 'Contents');
    return withInfo({
      root,
      infoPlistPath: join(root, 'Info.plist'),
      layout: 'deep',
      executableFolder: 'MacOS/',
    });
  }
  const root = (await isFolder(join(path, 'Versions'))) ? await currentVersion(path) : path;
  if (await isFile(join(root, 'Resources', 'Info.plist'))) {
    return {
      root,
      infoPlistPath: join(root, 'Resources', 'Info.plist'),
      layout: 'deep',
      executableFolder: '',
    };
  }
  return withInfo({ root, infoPlistPath: join(root, 'Info.plist'), layout: 'flat', executableFolder: '' });
}

async function withInfo(layout: Layout): Promise<Layout> {
  if (await isFile(layout.infoPlistPath)) return layout;
  throw new SigningError(
    'INVALID_BUNDLE',
    `${layout.infoPlistPath} does not exist: bundle format unrecognized, invalid, or unsuitable`,
    {
      hint: 'a bundle needs an Info.plist in Contents (apps), Versions/Current/Resources (frameworks) or its root (iOS)',
    },
  );
}

/** `Versions/Current` decides; when it is no link, the links were lost by whatever copied the framework. */
async function currentVersion(path: string): Promise<string> {
  const current = join(path, 'Versions', 'Current');
  if ((await kindOf(current)) !== 'link') {
    throw new SigningError(
      'INVALID_BUNDLE',
      `${current} is not a symbolic link: bundle format is ambiguous (could be app or framework)`,
      {
        hint: 'copy frameworks with their links: cp -R, ditto, or zip -y',
      },
    );
  }
  const version = await linkTarget(current);
  if (version.includes('/') || !(await isFolder(join(path, 'Versions', version)))) {
    throw new SigningError(
      'INVALID_BUNDLE',
      `${current} points to ${version}, which is no version of the framework`,
      { hint: 'let it point to a folder beside it, such as A' },
    );
  }
  return join(path, 'Versions', version);
}

/** The other versions of a framework, each a bundle of its own. */
export async function otherVersions(path: string): Promise<string[]> {
  const versions = join(path, 'Versions');
  if (!(await isFolder(versions))) return [];
  const current = await resolvedPath(join(versions, 'Current'));
  const folders = (await listFolder(versions))
    .filter(({ kind }) => kind === 'folder')
    .map(({ name }) => join(versions, name));
  const resolved = await Promise.all(
    folders.map(async (folder) => ({ folder, real: await resolvedPath(folder) })),
  );
  return resolved.filter(({ real }) => real !== current).map(({ folder }) => folder);
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
  if (await isFile(join(root, folder, name))) return folder + name;
  if (named === undefined) return undefined;
  throw new SigningError(
    'INVALID_BUNDLE',
    `${join(root, folder, name)} is not a regular file, but CFBundleExecutable names it`,
    {
      hint: 'build the program before the bundle is signed, or correct CFBundleExecutable',
    },
  );
}

export function textIn(info: PlistDict, key: string): string | undefined {
  const value = entryOf(info, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await kindOf(path)) === 'folder';
}

async function isFile(path: string): Promise<boolean> {
  return (await kindOf(path)) === 'file';
}
