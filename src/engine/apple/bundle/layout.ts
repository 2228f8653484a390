import { join } from 'node:path';
import { SigningError } from '../../system/error.js';
import { kindOf, linkTarget, listFolder, resolvedPath } from '../../system/folder.js';

/** Where a bundle keeps what signing needs to know. */
export interface BundleLayout {
  /** What the seal covers and its paths count from: `Contents`, `Versions/A`, or the bundle itself. */
  readonly root: string;
  readonly infoPlistPath: string;
  readonly kind: 'deep' | 'flat';
  /** Relative to `root`. */
  readonly executableFolder: '' | 'MacOS';
}

/** The layouts that CFBundle knows, in its order. @throws SigningError `INVALID_BUNDLE` */
export async function findLayout(path: string): Promise<BundleLayout> {
  if (await isFolder(join(path, 'Contents'))) {
    const root = join(path, 'Contents');
    const infoPlistPath = join(root, 'Info.plist');
    return withInfo({ root, infoPlistPath, kind: 'deep', executableFolder: 'MacOS' });
  }
  const root = (await isFolder(join(path, 'Versions'))) ? await currentVersion(path) : path;
  const inResources = join(root, 'Resources', 'Info.plist');
  if (await isFile(inResources)) {
    return { root, infoPlistPath: inResources, kind: 'deep', executableFolder: '' };
  }
  await checkIsFlat(root);
  return withInfo({ root, infoPlistPath: join(root, 'Info.plist'), kind: 'flat', executableFolder: '' });
}

async function withInfo(layout: BundleLayout): Promise<BundleLayout> {
  if (await isFile(layout.infoPlistPath)) return layout;
  throw new SigningError(
    'INVALID_BUNDLE',
    `${layout.infoPlistPath} does not exist: bundle format unrecognized, invalid, or unsuitable`,
    {
      hint: 'a bundle needs an Info.plist in Contents (apps), Versions/Current/Resources (frameworks) or its root (iOS)',
    },
  );
}

/** Any of these, in any case, makes CFBundle look for the Info.plist in it (_CFBundleGetBundleVersionForURL). */
const FOLDER_OF_OTHER_LAYOUT = /^(?:resources|contents|support files)$/i;

async function checkIsFlat(root: string): Promise<void> {
  const entries = await listFolder(root);
  const other = entries.find(({ name, kind }) => FOLDER_OF_OTHER_LAYOUT.test(name) && kind !== 'file');
  if (!other) return;
  throw new SigningError(
    'INVALID_BUNDLE',
    `${join(root, other.name)} has no Info.plist: bundle format unrecognized, invalid, or unsuitable`,
    {
      hint: `move Info.plist into it, or rename it: beside an Info.plist there can be no folder ${other.name}`,
    },
  );
}

/** What `Versions/Current` may lead to: a version by its name (bundlediskrep.cpp, validateFrameworkRoot). */
const VERSION_LINK = /^(?:\.\/)?(\.\.[^/]+|\.?[^./][^/]*)$/;

/** `Versions/Current` decides; when it is no link, the links were lost by whatever copied the framework. */
async function currentVersion(path: string): Promise<string> {
  const current = join(path, 'Versions', 'Current');
  if ((await kindOf(current)) !== 'link') throw ambiguous(`${current} is not a symbolic link`);
  const target = await linkTarget(current);
  const version = VERSION_LINK.exec(target)?.[1];
  if (version !== undefined && (await isFolder(join(path, 'Versions', version)))) {
    return join(path, 'Versions', version);
  }
  throw new SigningError(
    'INVALID_BUNDLE',
    `${current} points to ${target}, which is no version of the framework`,
    { hint: 'let it point to a folder beside it, such as A' },
  );
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

/**
 * What a framework has in its root has to be what its current version has: links, not copies (bundlediskrep.cpp, checkMoved).
 * @param files of the current version, relative to it
 * @throws SigningError `INVALID_BUNDLE`
 */
export async function checkForCopies(path: string, root: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const real = await resolvedPath(join(path, file));
    if (real !== undefined && real !== (await resolvedPath(join(root, file)))) {
      throw ambiguous(`${join(path, file)} is not a link into Versions/Current`);
    }
  }
}

function ambiguous(what: string): SigningError {
  return new SigningError(
    'INVALID_BUNDLE',
    `${what}: bundle format is ambiguous (could be app or framework)`,
    { hint: 'copy frameworks with their links: cp -R, ditto, or zip -y' },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await kindOf(path)) === 'folder';
}

async function isFile(path: string): Promise<boolean> {
  return (await kindOf(path)) === 'file';
}
