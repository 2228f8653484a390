import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { verify, type Finding } from '../src/engine/index.js';
import { fixedClock } from '../src/engine/system/clock.js';
import { NOW, type Package } from './cases.js';
import { coveredByBundle, coveredByProgram, type CoveredBytes } from './covered-bytes.js';
import type { Dice } from './dice.js';
import type { Results } from './results.js';
import type { UnpackedPackage } from './unpacked-package.js';

/** How many things of a package `flipBytes` can choose among: its share of the flips follows from it. */
export function flippableThings({ files, bundles = [] }: Package): number {
  return signedFiles(files).length + wholeBundles(bundles).length;
}

/** Changes a random byte that a signature covers, `count` times, and expects the verifier to say so. */
export async function flipBytes(
  wanted: Package,
  unpacked: UnpackedPackage,
  count: number,
  dice: Dice,
  results: Results,
): Promise<void> {
  const things = await findThings(wanted, unpacked);
  const covered = things.flatMap((thing) => thing.covered.map((bytes) => ({ thing, bytes })));
  const kinds = [...new Set(covered.map(({ bytes }) => bytes.kind))];
  for (let i = 0; i < count && covered.length > 0; i++) {
    const kind = dice.pick(kinds);
    const { thing, bytes } = dice.pick(covered.filter((each) => each.bytes.kind === kind));
    const at = bytes.at + dice.roll(bytes.size);
    const mask = 1 + dice.roll(255);
    const subject = `${basename(bytes.path)}, offset 0x${at.toString(16)} ^ 0x${mask.toString(16)}`;
    const findings = await withFlipped(bytes.path, at, mask, () => findingsOf(thing.path));
    const problem = unnoticed(findings, thing, bytes);
    results.add({ table: 'One byte changed', category: kind, check: 'caught', subject, problem });
  }
}

/** Something that can be verified by itself. */
interface Thing {
  readonly path: string;
  readonly covered: readonly CoveredBytes[];
  /** What is said of it when nothing was changed. */
  readonly before: readonly string[];
}

async function findThings(wanted: Package, unpacked: UnpackedPackage): Promise<Thing[]> {
  const things: Thing[] = [];
  const add = async (
    path: string | undefined,
    covered: (path: string) => Promise<CoveredBytes[]>,
    of = path,
  ) => {
    if (path === undefined || of === undefined) return;
    things.push({ path, covered: await covered(of), before: (await findingsOf(path)).map(textOf) });
  };
  for (const file of signedFiles(wanted.files))
    await add(
      unpacked.locate({ ...file, path: file.bundle ?? file.path }),
      coveredByProgram,
      unpacked.locate(file),
    );
  for (const bundle of wholeBundles(wanted.bundles ?? []))
    await add(unpacked.locate(bundle), coveredByBundle);
  return things;
}

function signedFiles(files: Package['files']): Package['files'] {
  return files.filter(({ slices }) => slices?.some(({ signature }) => signature));
}

function wholeBundles(bundles: NonNullable<Package['bundles']>): NonNullable<Package['bundles']> {
  return bundles.filter(({ missing }) => missing === undefined);
}

async function findingsOf(path: string): Promise<readonly Finding[]> {
  return (await verify({ path }, { clock: fixedClock(NOW) })).findings;
}

function textOf({ severity, code, message, path, arch }: Finding): string {
  return [severity, code, message, path, arch].join(' ');
}

/** The files are ours alone: they were unpacked for this run. */
async function withFlipped<T>(path: string, at: number, mask: number, work: () => Promise<T>): Promise<T> {
  const file = await open(path, 'r+');
  try {
    const octet = new Uint8Array(1);
    await file.read(octet, 0, 1, at);
    await file.write(Uint8Array.of(octet[0]! ^ mask), 0, 1, at);
    try {
      return await work();
    } finally {
      await file.write(octet, 0, 1, at);
    }
  } finally {
    await file.close();
  }
}

function unnoticed(
  findings: readonly Finding[],
  { before }: Thing,
  { findings: expected }: CoveredBytes,
): string | undefined {
  const fresh = findings.filter((finding) => !before.includes(textOf(finding)));
  if (fresh.some(({ code }) => expected.includes(code))) return undefined;
  return fresh.length === 0 ? 'accepted' : `called ${fresh.map(({ code }) => code).join()}`;
}
