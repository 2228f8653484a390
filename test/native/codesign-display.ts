import type { SignatureInspection } from '../../src/engine/index.js';

// What `codesign --display --verbose=4` prints on its standard error: one `Key=value` a line, in no documented format.

/** The facts that codesign shows and `inspect` tells too. */
export interface DisplayedSignature {
  readonly identifier: string;
  /** As 0x20500. */
  readonly version: number;
  readonly flags: number;
  readonly codeSlots: number;
  /** The highest special slot. */
  readonly specialSlots: number;
  /** Bytes a page; 0 when all is one page. */
  readonly pageSize: number;
  /** Lower-case hexadecimal, 40 digits, by the name of the hash. */
  readonly cdhashes: Readonly<Record<string, string>>;
  /** Bytes of the CMS; null when signed ad-hoc. */
  readonly cmsSize: number | null;
  /** Common names, the signer's first. */
  readonly authorities: readonly string[];
  readonly teamId: string | null;
  readonly runtimeVersion: string | null;
}

/** Arguments that show one architecture, or the file as a whole where it has none. */
export function displayArguments(path: string, arch?: string): string[] {
  return ['--display', '--verbose=4', ...(arch === undefined ? [] : ['--architecture', arch]), path];
}

/** @throws Error when a line that codesign always prints is missing */
export function parseDisplay(output: string): DisplayedSignature {
  const directory =
    /^CodeDirectory v=([0-9a-f]+) size=\d+ flags=0x([0-9a-f]+)\(.*?\) hashes=(\d+)\+(\d+) /m.exec(output);
  if (!directory) throw new Error(`codesign displayed no CodeDirectory:\n${output}`);
  const [, version, flags, codeSlots, specialSlots] = directory;
  const pageSize = required(output, 'Page size');
  const team = optional(output, 'TeamIdentifier');
  const size = optional(output, 'Signature size');
  return {
    identifier: required(output, 'Identifier'),
    version: Number.parseInt(version!, 16),
    flags: Number.parseInt(flags!, 16),
    codeSlots: Number(codeSlots),
    specialSlots: Number(specialSlots),
    pageSize: pageSize === 'none' ? 0 : Number(pageSize),
    cdhashes: Object.fromEntries(
      Array.from(output.matchAll(/^CandidateCDHash (\S+)=([0-9a-f]{40})$/gm), ([, name, hash]) => [
        name,
        hash,
      ]),
    ) as Record<string, string>,
    cmsSize: size === undefined ? null : Number(size),
    authorities: Array.from(output.matchAll(/^Authority=(.*)$/gm), ([, name]) => name!),
    teamId: team === undefined || team === 'not set' ? null : team,
    runtimeVersion: optional(output, 'Runtime Version') ?? null,
  };
}

/** The same facts as `inspect` tells them. */
export function displayOf(signature: SignatureInspection): DisplayedSignature {
  const { codeDirectories, certificates, cmsSize } = signature;
  // codesign shows the best CodeDirectory; ours lists the primary, which is the weakest, first.
  const best = codeDirectories.at(-1)!;
  return {
    identifier: best.identifier,
    version: best.version,
    flags: best.flags,
    codeSlots: best.codeSlots,
    specialSlots: Math.max(0, ...Object.keys(best.specialSlots).map(Number)),
    pageSize: best.pageSize,
    cdhashes: Object.fromEntries(codeDirectories.map(({ hashType, cdhash }) => [hashType, cdhash])),
    cmsSize: cmsSize === 0 ? null : cmsSize,
    authorities: certificates.map(({ subject }) => commonNameIn(subject)),
    teamId: best.teamId,
    runtimeVersion: best.runtimeVersion,
  };
}

/** How many rules and files the seal of a bundle has; null when there is no seal. */
export function parseSeal(output: string): { readonly rules: number; readonly files: number } | null {
  const [, rules, files] = /^Sealed Resources version=2 rules=(\d+) files=(\d+)$/m.exec(output) ?? [];
  return rules === undefined ? null : { rules: Number(rules), files: Number(files) };
}

/**
 * The designated requirement that `codesign --display -r-` prints on its standard output. codesign marks what the
 * signature does not carry, the cdhashes of ad-hoc code, as a comment.
 */
export function parseRequirement(output: string): { readonly text: string; readonly isImplicit: boolean } {
  const [, comment, text] = /^(# )?designated => (.*)$/m.exec(output) ?? [];
  if (text === undefined) throw new Error(`codesign displayed no designated requirement:\n${output}`);
  return { text, isImplicit: comment !== undefined };
}

function required(output: string, key: string): string {
  const value = optional(output, key);
  if (value === undefined) throw new Error(`codesign displayed no ${key}:\n${output}`);
  return value;
}

function optional(output: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(output)?.[1];
}

/** Of a subject in text form, such as `CN=Example, OU=TEAM`. */
function commonNameIn(subject: string): string {
  return /(?:^|, ?)CN=((?:\\.|[^,])*)/.exec(subject)?.[1] ?? subject;
}
