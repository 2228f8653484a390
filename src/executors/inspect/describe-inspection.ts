import type { Inspection, SignatureInspection, SliceInspection } from '../../engine/index.js';

/** What `codesign -dvvv` tells, for people: one block an architecture. */
export function describeInspection({ slices }: Inspection): string[] {
  return slices.flatMap(describeSlice);
}

function describeSlice({ arch, signature }: SliceInspection): string[] {
  if (!signature) return [`  ${arch}: not signed`];
  const rows = rowsOf(signature).filter((row): row is [string, string] => Boolean(row[1]));
  return [`  ${arch}`, ...rows.map(([name, value]) => `    ${name.padEnd(16)} ${value}`)];
}

function rowsOf(signature: SignatureInspection): [name: string, value: string | null | undefined][] {
  const [primary] = signature.codeDirectories;
  const { entitlements } = signature;
  return [
    ['identifier', primary?.identifier],
    ['team', primary?.teamId],
    ['flags', primary?.flagNames.join(', ')],
    ['runtime version', primary?.runtimeVersion],
    ...signature.codeDirectories.map(({ hashType, cdhash }): [string, string] => [
      `cdhash, ${hashType}`,
      cdhash,
    ]),
    ['requirement', signature.designatedRequirement],
    ['entitlements', entitlements === null ? null : JSON.stringify(entitlements)],
    ...signature.certificates.map(({ subject }): [string, string] => ['signed by', subject]),
    ['signing time', signature.signingTime],
    ['timestamp', signature.timestamp],
  ];
}
