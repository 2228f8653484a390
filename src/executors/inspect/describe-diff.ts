import type { SignatureDiff } from '../../engine/index.js';

/** What changed between two builds, for people; the verdict that matters comes first. */
export function describeDiff({
  keepsPermissions,
  unmet,
  requirement,
  changes,
  files,
}: SignatureDiff): string[] {
  return [
    keepsPermissions
      ? '  granted permissions survive: the new build meets the designated requirement of the old one'
      : `  granted permissions are lost: the new build does not meet ${unmet.join('; ')}`,
    `    before: ${requirement.before}`,
    `    after:  ${requirement.after}`,
    ...changes.map(({ arch, what, before, after }) => {
      const where = arch === undefined ? '' : ` (${arch})`;
      return `  ${what}${where}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
    }),
    ...files.map(({ path, change }) => `  ${change}: ${path}`),
  ];
}
