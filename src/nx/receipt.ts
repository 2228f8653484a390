import { basename, dirname, join } from 'node:path';
import type { Receipt } from '../engine/index.js';
import type { Run } from './define-executor.js';
import { writeJson } from './outputs.js';

/**
 * Writes the receipt of what was made at `artifact`, by default beside it, among the outputs of the target. In it is,
 * for each setting of the run, where that came from. Paths in the workspace become relative to it: the file may be
 * restored from a cache on another machine.
 * @throws SigningError `PERMISSION_DENIED`, `DISK_FULL`, …
 */
export async function writeReceipt(
  { options, origins, shown }: Run<{ receipt?: string }>,
  artifact: string,
  receipt: object,
): Promise<void> {
  const path = options.receipt ?? join(dirname(artifact), `${basename(artifact)}.receipt.json`);
  await writeJson(path, withShownPaths({ ...receipt, settings: origins }, shown));
}

function withShownPaths(value: object, shown: Run<unknown>['shown']): unknown {
  return JSON.parse(JSON.stringify(value), (_, member: unknown) =>
    typeof member === 'string' ? shown(member) : member,
  );
}

/** `arm64 + x86_64, by Developer ID Application: …`; the architectures are those of the code that was asked for. */
export function describeSignature({ files, certificate }: Pick<Receipt, 'files' | 'certificate'>): string {
  const architectures = (files.at(-1)?.slices ?? []).map(({ arch }) => arch).join(' + ');
  const signer = certificate ? `by ${certificate.subject}` : 'ad-hoc';
  return architectures === '' ? signer : `${architectures}, ${signer}`;
}
