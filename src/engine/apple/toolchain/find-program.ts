import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The first program on `path` (a PATH variable) that has one of these names, the first name first; absolute paths stand for themselves. */
export async function findProgram(
  names: readonly string[],
  path: string,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  // Never a batch file: those would need a shell.
  const suffix = platform === 'win32' ? '.exe' : '';
  // An empty part of PATH means the current folder: nothing is ever taken from there.
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name + suffix));
    for (const candidate of candidates) {
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
