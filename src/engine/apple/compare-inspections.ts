import type { JsonValue } from '../system/plist/to-json.js';
import type { Inspection } from './inspect-code.js';
import type { SignatureInspection, SliceInspection } from './signature/inspect-slice.js';

/** One thing that two signatures say differently. */
export interface Difference {
  /** Undefined when it is about the file as a whole. */
  readonly arch?: string;
  readonly what: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** What people look for first comes first. */
const FACTS: readonly (readonly [string, (signature: SignatureInspection) => JsonValue])[] = [
  ['identifier', ({ codeDirectories }) => codeDirectories[0]!.identifier],
  ['team', ({ codeDirectories }) => codeDirectories[0]!.teamId],
  ['requirement', ({ designatedRequirement }) => designatedRequirement],
  ['signer', ({ certificates }) => certificates[0]?.subject ?? null],
  ['certificate', ({ certificates }) => certificates[0]?.sha1 ?? null],
  ['flags', ({ codeDirectories }) => codeDirectories[0]!.flagNames],
  ['runtime version', ({ codeDirectories }) => codeDirectories[0]!.runtimeVersion],
  ['digests', ({ codeDirectories }) => codeDirectories.map(({ hashType }) => hashType)],
  ['page size', ({ codeDirectories }) => codeDirectories[0]!.pageSize],
  ['cdhash', ({ codeDirectories }) => codeDirectories.map(({ cdhash }) => cdhash)],
  ['Info.plist', ({ codeDirectories }) => codeDirectories.at(-1)!.specialSlots['1'] ?? null],
  ['sealed resources', ({ codeDirectories }) => codeDirectories.at(-1)!.specialSlots['3'] ?? null],
  ['timestamp', ({ timestamp }) => timestamp],
];

export function compareInspections(before: Inspection, after: Inspection): Difference[] {
  const archs = [...new Set([...before.slices, ...after.slices].map(({ arch }) => arch))];
  return archs.flatMap((arch) => {
    const find = (inspection: Inspection) => inspection.slices.find((slice) => slice.arch === arch);
    return compareSlices(arch, find(before), find(after));
  });
}

function compareSlices(
  arch: string,
  before: SliceInspection | undefined,
  after: SliceInspection | undefined,
): Difference[] {
  if (!before?.signature || !after?.signature) {
    const [was, is] = [state(before), state(after)];
    return was === is ? [] : [{ arch, what: 'signature', before: was, after: is }];
  }
  const [old, now] = [before.signature, after.signature];
  const facts = FACTS.map(([what, read]) => ({ arch, what, before: read(old), after: read(now) }));
  return [...facts, ...entitlementPairs(arch, old.entitlements, now.entitlements)].filter(isDifferent);
}

function state(slice: SliceInspection | undefined): string {
  if (!slice) return 'no such architecture';
  return slice.signature ? 'signed' : 'not signed';
}

function entitlementPairs(arch: string, before: JsonValue, after: JsonValue): Difference[] {
  const [old, now] = [asObject(before), asObject(after)];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return keys.map((key) => ({
    arch,
    what: `entitlement ${key}`,
    before: old[key] ?? null,
    after: now[key] ?? null,
  }));
}

function asObject(value: JsonValue): Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)
    : {};
}

function isDifferent({ before, after }: Difference): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}
