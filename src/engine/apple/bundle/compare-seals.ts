import { join } from 'node:path';
import { readSmallFileIfPresent } from '../../system/files.js';
import { kindOf } from '../../system/folder.js';
import { readPlist } from '../../system/plist/read.js';
import { toJson, type JsonValue } from '../../system/plist/to-json.js';
import { entryOf, isPlistDict } from '../../system/plist/value.js';
import { openBundle } from './bundle.js';

export interface SealDifference {
  /** Relative to what the seal covers, such as `Resources/icon.icns`. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/** Compares what two bundles seal; a program that is no bundle seals nothing. */
export async function compareSeals(before: string, after: string): Promise<SealDifference[]> {
  const [old, now] = [await sealedFiles(before), await sealedFiles(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) return [];
    return [
      { path, change: was === undefined ? 'added' : is === undefined ? 'removed' : 'changed' } as const,
    ];
  });
}

/** Each path with its seal as text. */
async function sealedFiles(path: string): Promise<Map<string, string>> {
  if ((await kindOf(path)) !== 'folder') return new Map();
  const { root } = await openBundle(path);
  const data = await readSmallFileIfPresent(join(root, '_CodeSignature', 'CodeResources'));
  const plist = data && readPlist(data);
  const files = isPlistDict(plist) ? (entryOf(plist, 'files2') ?? entryOf(plist, 'files')) : undefined;
  const sealed: JsonValue = isPlistDict(files) ? toJson(files) : {};
  return new Map(
    Object.entries(sealed as Readonly<Record<string, JsonValue>>).map(([name, seal]) => [
      name,
      JSON.stringify(seal),
    ]),
  );
}
