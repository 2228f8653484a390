import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspect, removeSignature, verify, type Finding } from '../src/engine/index.js';
import { readBytes } from '../src/engine/bytes/source.js';
import { fixedClock } from '../src/engine/system/clock.js';
import { withSource } from '../src/engine/system/files.js';
import type { MachO } from '../src/engine/apple/macho/read.js';
import { readMachOFile } from '../src/engine/apple/macho/read-file.js';
import { NOW, type FileCase, type SliceCase } from './cases.js';
import { differentFacts } from './inspected-facts.js';
import { resign, type Comparison } from './resign.js';

export interface FileChecks {
  readonly path: string;
  /** Folder of the bundle whose main executable this is. */
  readonly bundle: string | undefined;
  /** For copies. */
  readonly scratch: string;
  readonly file: FileCase;
}

/** All checks of one architecture, by name. */
export type SliceChecks = (slice: SliceCase, comparison: Comparison) => void;

/** @throws Error when the file is not the one that the facts are about */
export async function checkFile(checks: FileChecks, report: SliceChecks): Promise<void> {
  const { path, file } = checks;
  const actual = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (actual !== file.sha256) throw new Error(`${file.path} has the SHA-256 ${actual}`);
  const slices = file.slices ?? [];
  const stripped = slices.some(({ signature }) => signature) ? await strip(checks) : undefined;
  const inspected = await inspect({ path }, { clock: CLOCK });
  const { findings } = await verify({ path: checks.bundle ?? path }, { clock: CLOCK });
  for (const [index, slice] of slices.entries()) {
    report(slice, {
      ...(stripped && (await strippedChecks(checks, stripped, index, slice))),
      verify: unexpectedFinding(findings, path, slice),
      inspect: differentFacts(inspected.slices[index], slice),
    });
  }
}

const CLOCK = fixedClock(NOW);

async function strip({ path, scratch }: FileChecks): Promise<string> {
  const outputPath = join(scratch, `${basename(path)}.stripped`);
  await removeSignature({ path, outputPath });
  return outputPath;
}

async function strippedChecks(
  checks: FileChecks,
  stripped: string,
  index: number,
  slice: SliceCase,
): Promise<Comparison> {
  const { strippedSha256, signature } = slice;
  if (strippedSha256 === undefined || !signature) return {};
  return withSource(checks.path, (original) =>
    withSource(stripped, async (source) => {
      const macho = (await readMachOFile(source)).machos[index]!;
      const request = {
        name: basename(checks.path),
        original,
        stripped: source,
        index,
        slice: { ...slice, signature },
        bundle: checks.bundle,
      };
      return {
        strip: await differentStripped(macho, strippedSha256),
        ...(await resign(request)),
      };
    }),
  );
}

async function differentStripped({ source }: MachO, expected: string): Promise<string | undefined> {
  const bytes = await readBytes(source, 0, source.size);
  const actual = createHash('sha256').update(bytes).digest('hex');
  return actual === expected ? undefined : `SHA-256 ${actual}`;
}

/** What a seal promises is the bundle's affair, and checked there. */
function unexpectedFinding(
  findings: readonly Finding[],
  path: string,
  { arch, signature }: SliceCase,
): string | undefined {
  const own = findings.filter((finding) => finding.severity === 'error' && (finding.arch ?? arch) === arch);
  const ofCode = own.filter((finding) => finding.arch !== undefined || finding.path === path);
  const expected = signature ? '' : 'NOT_SIGNED';
  const actual = ofCode.map(({ code }) => code).join();
  return actual === expected ? undefined : ofCode.map(({ message }) => message).join('; ') || 'accepted';
}
