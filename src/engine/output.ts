import { basename, dirname, join, resolve, sep } from 'node:path';
import { SigningError } from './system/error.js';
import { kindOf, resolvedPath } from './system/folder.js';

/** Where a verb reads and where it puts what it makes; both absolute. */
export interface Places {
  readonly path: string;
  readonly outputPath: string;
  readonly kind: 'file' | 'folder';
}

export interface PlacesRequest {
  readonly path: string;
  readonly outputPath?: string | undefined;
  readonly inPlace?: boolean | undefined;
}

/**
 * Decides where the output goes. `outputPath` names the output itself, or with a slash at its end the folder for it.
 * @throws SigningError `NOT_FOUND`, `INVALID_OPTION` when there is no place for the output or it would replace
 * something that is not an earlier output
 */
export async function resolvePlaces(request: PlacesRequest, cwd: string): Promise<Places> {
  const path = resolve(cwd, request.path);
  const kind = await kindOf(path);
  if (kind === undefined)
    throw new SigningError('NOT_FOUND', `${path} does not exist`, {
      hint: 'build it first, or check the path',
    });
  if (kind !== 'file' && kind !== 'folder') {
    throw new SigningError('INVALID_OPTION', `${path} is neither a file nor a folder`, {
      hint: 'give the path that the link leads to',
    });
  }
  if (request.inPlace === true) return { path, outputPath: pathInPlace(request, path), kind };
  const outputPath = outputFor(request, path, cwd);
  await checkOutput(path, outputPath, kind);
  return { path, outputPath, kind };
}

function pathInPlace({ outputPath }: PlacesRequest, path: string): string {
  if (outputPath === undefined) return path;
  throw new SigningError('INVALID_OPTION', 'inPlace and outputPath exclude each other', {
    hint: 'remove one of them',
  });
}

function outputFor({ outputPath }: PlacesRequest, path: string, cwd: string): string {
  if (outputPath === undefined) {
    throw new SigningError('INVALID_OPTION', 'there is no outputPath', {
      hint: 'name a place for the result, or set inPlace to change the original',
    });
  }
  const resolved = resolve(cwd, outputPath);
  return /[/\\]$/.test(outputPath) ? join(resolved, basename(path)) : resolved;
}

/** Links on the way are followed: they can lead into the original, or to it. */
async function checkOutput(path: string, outputPath: string, kind: 'file' | 'folder'): Promise<void> {
  const [from, to] = [await realPath(path), await realPath(outputPath)];
  if (from === to) {
    throw new SigningError('INVALID_OPTION', `${outputPath} is the original itself`, {
      hint: 'set inPlace to change the original, or choose another outputPath',
    });
  }
  if (to.startsWith(from + sep)) {
    throw new SigningError('INVALID_OPTION', `${outputPath} lies within what is to be signed`, {
      hint: 'choose another outputPath',
    });
  }
  const standing = await kindOf(outputPath);
  if (standing === undefined) return;
  if (standing === 'folder' && from.startsWith(to + sep)) {
    throw new SigningError('INVALID_OPTION', `${outputPath} contains what is to be signed`, {
      hint: `to put ${basename(path)} into that folder, end outputPath with a slash; else choose another name`,
    });
  }
  // Replacing a folder removes what is in it: only a folder of the same name can be an earlier output.
  if (standing === kind && (standing !== 'folder' || basename(outputPath) === basename(path))) return;
  throw new SigningError('INVALID_OPTION', `${outputPath} exists already and is no earlier output`, {
    hint: `to put ${basename(path)} into that folder, end outputPath with a slash; else choose another name`,
  });
}

/** The path itself may be a link, or not be there yet, and folders above it too. */
async function realPath(path: string): Promise<string> {
  const folder = dirname(path);
  if (folder === path) return path;
  return join((await resolvedPath(folder)) ?? (await realPath(folder)), basename(path));
}
