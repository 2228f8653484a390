import { readFile } from 'node:fs/promises';

// What is known of public software from other tools than ours: which packages hold it, and what its signatures say.

export interface Package {
  readonly name: string;
  readonly version: string;
  /** Of the tarball, as npm writes it. */
  readonly integrity: string;
  /** Small and telling enough for every run. */
  readonly light?: true;
  readonly files: readonly FileCase[];
  readonly bundles?: readonly BundleCase[];
}

/** Where something lies: in the package, or in an archive within it. */
export interface Member {
  readonly archive?: string;
  readonly path: string;
}

export interface FileCase extends Member {
  readonly sha256: string;
  /** The bundle whose main executable it is. */
  readonly bundle?: string;
  /** Of a Mach-O file, in its order. */
  readonly slices?: readonly SliceCase[];
  /** Of a Windows program. */
  readonly authenticode?: readonly { readonly hash: string; readonly digest: string }[];
}

export interface SliceCase {
  readonly arch: string;
  readonly category: Category;
  /** Absent when it is not signed. */
  readonly signature?: SignatureCase;
  /** Of the slice without its signature. */
  readonly strippedSha256?: string;
  /** What its maker told the signing program; all else follows from the file. */
  readonly given?: Given;
}

/** `codesign` in a name: Apple's own program made it, so that nothing less than all its bytes will do. */
export type Category =
  | 'codesign-developer-id'
  | 'codesign-3rd-party-mac-developer'
  | 'codesign-adhoc'
  | 'apple-software-signing'
  | 'rcodesign-developer-id'
  | 'ldid-adhoc'
  | 'linker-signed'
  | 'unsigned';

export interface Given {
  /** As the signature has it. */
  readonly identifier?: true;
  readonly teamId?: true;
  readonly cmsReserve?: number;
}

export interface SignatureCase {
  readonly identifier: string;
  readonly teamId: string | null;
  readonly flags: number;
  readonly version: number;
  readonly pageSize: number;
  readonly runtime: string | null;
  /** From the start of the slice. */
  readonly offset: number;
  readonly size: number;
  /** By hash. */
  readonly cdhashes: Readonly<Record<string, string>>;
  readonly signer?: SignerCase;
}

export interface SignerCase {
  /** Common name. */
  readonly name: string;
  /** ISO 8601. */
  readonly signingTime?: string;
  readonly timestamp?: string;
}

export interface BundleCase extends Member {
  /** Files that the seal promises and the package does not hold. */
  readonly missing?: readonly string[];
  /** All code in it is signed ad-hoc, so that anybody can sign it again. */
  readonly adhoc?: true;
}

/** When the signatures are judged: no certificate that matters has expired then. */
export const NOW = new Date('2026-12-01T00:00:00Z');

/** Those that were asked for, the others not at all. */
export async function selectPackages(wanted: {
  readonly all: boolean;
  readonly only: string | undefined;
}): Promise<readonly Package[]> {
  const json = await readFile(new URL('cases.json', import.meta.url), 'utf8');
  const { packages } = JSON.parse(json) as { packages: readonly Package[] };
  const { all, only } = wanted;
  if (only !== undefined) return packages.filter(({ name }) => name.includes(only));
  return all ? packages : packages.filter(({ light }) => light);
}
