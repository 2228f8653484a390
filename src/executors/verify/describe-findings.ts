import type { Verification } from '../../engine/index.js';

/** `  error: apps/daemon (arm64, x86_64): invalid signature … [CODE]`: a line for each finding, its architectures together. */
export function describeFindings(
  results: readonly Pick<Verification, 'findings'>[],
  shown: (path: string) => string,
): string[] {
  const architectures = new Map<string, Set<string>>();
  for (const { severity, code, message, path, arch } of results.flatMap(({ findings }) => findings)) {
    // The architectures have their place in the middle of the line; a path cannot hold a NUL.
    const line = `  ${severity}: ${shown(path)}\0: ${message} [${code}]`;
    const known = architectures.get(line) ?? new Set();
    architectures.set(line, arch === undefined ? known : known.add(arch));
  }
  return Array.from(architectures, ([line, names]) =>
    line.replace('\0', names.size > 0 ? ` (${[...names].join(', ')})` : ''),
  );
}
