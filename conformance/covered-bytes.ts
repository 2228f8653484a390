import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FindingCode } from '../src/engine/index.js';
import { readBytes } from '../src/engine/bytes/source.js';
import { openBundle } from '../src/engine/apple/bundle/bundle.js';
import { compileRules, defaultRules } from '../src/engine/apple/bundle/rules.js';
import { walkBundle } from '../src/engine/apple/bundle/walk.js';
import { readMachOFile } from '../src/engine/apple/macho/read-file.js';
import type { MachO } from '../src/engine/apple/macho/read.js';
import { SLOT } from '../src/engine/apple/signature/magic.js';
import { decodeSuperBlob } from '../src/engine/apple/signature/super-blob.js';
import { withSource } from '../src/engine/system/files.js';

/** Bytes that a signature answers for, and what a verifier has to say when one of them is another. */
export interface CoveredBytes {
  readonly kind: string;
  readonly path: string;
  /** In the file. */
  readonly at: number;
  readonly size: number;
  readonly findings: readonly FindingCode[];
}

/** Of every signed architecture of a Mach-O file. */
export function coveredByProgram(path: string): Promise<CoveredBytes[]> {
  return withSource(path, async (source) => {
    const { machos, slices } = await readMachOFile(source);
    const covered: CoveredBytes[] = [];
    for (const [i, macho] of machos.entries()) {
      const start = slices?.[i]?.offset ?? 0;
      const own = macho.codeSignature ? await coveredBySlice(macho) : [];
      covered.push(...own.map((bytes) => ({ ...bytes, path, at: start + bytes.at })));
    }
    return covered;
  });
}

/** A header that was changed may no longer be one, or no longer tell that there is a signature. */
const OF_HEADER: readonly FindingCode[] = ['MODIFIED_CODE', 'MALFORMED', 'NOT_CODE', 'NOT_SIGNED'];
const OF_BLOB: readonly FindingCode[] = ['MODIFIED_CODE', 'MALFORMED'];
/** Of certificates, some carry the proof and others are merely there. */
const OF_CMS: readonly FindingCode[] = [...OF_BLOB, 'CERTIFICATE', 'UNTRUSTED', 'INVALID_TIMESTAMP'];

async function coveredBySlice(macho: MachO): Promise<Omit<CoveredBytes, 'path'>[]> {
  const { offset, size } = macho.codeSignature!;
  const headerSize = macho.header.length;
  return [
    { kind: 'header', at: 0, size: headerSize, findings: OF_HEADER },
    { kind: 'pages', at: headerSize, size: offset - headerSize, findings: ['MODIFIED_CODE'] },
    ...coveredBySignature(await readBytes(macho.source, offset, size)).map((blob) => ({
      ...blob,
      at: offset + blob.at,
    })),
  ];
}

/** An ad-hoc CodeDirectory is covered by nothing: with another one, it is simply other code. */
function coveredBySignature(signature: Uint8Array): Omit<CoveredBytes, 'path'>[] {
  const { slots } = decodeSuperBlob(signature);
  const isSigned = slots.some(({ slot, blob }) => slot === SLOT.signature && blob.length > 8);
  return slots.flatMap(({ slot, blob }) => {
    const range = { at: blob.byteOffset - signature.byteOffset, size: blob.length };
    if (slot === SLOT.signature) return isSigned ? [{ kind: 'CMS', ...range, findings: OF_CMS }] : [];
    const isDirectory = slot === SLOT.codeDirectory || slot >= SLOT.alternateCodeDirectories;
    if (!isDirectory) return [{ kind: 'special blobs', ...range, findings: OF_BLOB }];
    return isSigned ? [{ kind: 'CodeDirectory', ...range, findings: OF_BLOB }] : [];
  });
}

/** Everything in a framework or a flat app, but its main executable. */
export async function coveredByBundle(path: string): Promise<CoveredBytes[]> {
  const bundle = await openBundle(path);
  const entries = await walkBundle(bundle, compileRules(defaultRules(bundle.layout).rules2));
  const infoPlist = bundle.layout === 'deep' ? 'Resources/Info.plist' : 'Info.plist';
  const sealed = entries.filter(
    ({ kind, path: own, rule }) => kind === 'file' && rule && !rule.omit && own !== infoPlist,
  );
  const covered: Omit<CoveredBytes, 'size' | 'at'>[] = [
    ...sealed.map((entry) => ({
      kind: 'sealed files',
      path: join(bundle.root, entry.path),
      findings: ['SEALED_RESOURCE'] as const,
    })),
    {
      kind: 'seal',
      path: join(bundle.root, '_CodeSignature', 'CodeResources'),
      findings: ['SEALED_RESOURCE', 'MALFORMED'],
    },
    {
      kind: 'Info.plist',
      path: join(bundle.root, infoPlist),
      // It names the program, and another name is that of an unsigned one, or of none.
      findings: ['MODIFIED_INFO_PLIST', 'INVALID_BUNDLE', 'NOT_SIGNED'],
    },
  ];
  const sizes = await Promise.all(covered.map(async (each) => (await stat(each.path)).size));
  return covered.map((each, i) => ({ ...each, at: 0, size: sizes[i]! })).filter(({ size }) => size > 0);
}
