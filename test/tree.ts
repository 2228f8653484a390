import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Files and links by their path, with forward slashes. */
export type Tree = Readonly<Record<string, Content>>;
export type Content =
  string | Uint8Array | { readonly link: string } | { readonly data: Uint8Array; readonly mode: number };

/** Writes the tree in the order of its paths. */
export function plant(folder: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(target, content);
    else if ('link' in content) symlinkSync(content.link, target);
    else {
      writeFileSync(target, content.data);
      chmodSync(target, content.mode);
    }
  }
}

/** Everything below a folder, hidden and empty folders too: the mode and hash of files, the target of links. */
export function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(namesBelow(folder, '').map((name) => [name, described(join(folder, name))]));
}

/** Node's own recursive listing would go through links. */
function namesBelow(folder: string, below: string): string[] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true });
  const names = entries.map((entry) => ({
    entry,
    name: below === '' ? entry.name : `${below}/${entry.name}`,
  }));
  return names
    .flatMap(({ entry, name }) => (entry.isDirectory() ? [name, ...namesBelow(folder, name)] : [name]))
    .sort();
}

function described(path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  const mode = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) return `folder ${mode}`;
  return stats.isFile()
    ? `${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`
    : 'other';
}
