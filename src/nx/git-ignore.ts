import type { Tree } from '@nx/devkit';

/** Keys, certificates with keys, and the files in which Nx looks for the variables that hold their passwords. */
export const SECRET_FILES = [
  '*.p12',
  '*.pfx',
  '*.p8',
  '.env.local',
  '.env.*.local',
  '.*.local.env',
  '.local.env',
] as const;

/** Adds the rows that a `.gitignore` lacks, under a heading; returns those added. */
export function ignore(tree: Tree, rows: readonly string[], heading: string): string[] {
  const present = tree.read('.gitignore', 'utf-8') ?? '';
  const lines = new Set(present.split(/\r?\n/u).map((line) => line.trim()));
  const missing = rows.filter((row) => !lines.has(row));
  if (missing.length === 0) return [];
  const gap = present === '' ? '' : present.endsWith('\n') ? '\n' : '\n\n';
  tree.write('.gitignore', `${present}${gap}# ${heading}\n${missing.join('\n')}\n`);
  return missing;
}
