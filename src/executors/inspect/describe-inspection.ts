import type {
  Inspection,
  PackageInspection,
  SignatureInspection,
  SliceInspection,
} from '../../engine/index.js';

/** What `codesign -dvvv` tells, for people: one block an architecture. */
export function describeInspection(inspection: Inspection): string[] {
  return inspection.format === 'pkg' ? describePackage(inspection) : inspection.slices.flatMap(describeSlice);
}

function describePackage({ checksum, signature, files }: PackageInspection): string[] {
  if (!signature) return ['  package: not signed'];
  const rows: Row[] = [
    ['checksum', checksum && `${checksum.algorithm} ${checksum.value}`],
    ...signature.certificates.map(({ subject }): Row => ['signed by', subject]),
    ['signing time', signature.signingTime],
    ['timestamp', signature.timestamp],
    ['files', String(files.length)],
  ];
  return ['  package', ...table(rows)];
}

function describeSlice({ arch, signature }: SliceInspection): string[] {
  if (!signature) return [`  ${arch}: not signed`];
  return [`  ${arch}`, ...table(rowsOf(signature))];
}

type Row = readonly [name: string, value: string | null | undefined];

function table(rows: readonly Row[]): string[] {
  return rows
    .filter(([, value]) => Boolean(value))
    .map(([name, value]) => `    ${name.padEnd(16)} ${value!}`);
}

function rowsOf(signature: SignatureInspection): Row[] {
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
