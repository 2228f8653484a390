import { mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BundleCase, FileCase, Package } from './cases.js';
import { checkBundle } from './check-bundle.js';
import { checkFile } from './check-file.js';
import { resignBundle } from './resign-bundle.js';
import type { Comparison } from './resign.js';
import type { Results } from './results.js';
import type { UnpackedPackage } from './unpacked-package.js';

/** Every check of what a package holds. Copies are made below `folder`. */
export async function checkPackage(
  wanted: Package,
  unpacked: UnpackedPackage,
  folder: string,
  results: Results,
): Promise<void> {
  for (const file of wanted.files) {
    const path = file.slices && unpacked.locate(file);
    if (path !== undefined) await checkOneFile(path, file, unpacked, folder, results);
  }
  for (const bundle of wanted.bundles ?? []) {
    const path = unpacked.locate(bundle);
    if (path !== undefined) await checkOneBundle(path, bundle, folder, results);
  }
}

async function checkOneFile(
  path: string,
  file: FileCase,
  unpacked: UnpackedPackage,
  folder: string,
  results: Results,
): Promise<void> {
  const bundle = file.bundle === undefined ? undefined : unpacked.locate({ ...file, path: file.bundle });
  const scratch = await mkdtemp(join(folder, 'scratch-'));
  await guarded(file, results, () =>
    checkFile({ path, bundle, scratch, file }, ({ category, arch }, comparison) => {
      const subject = `${basename(file.path)} (${arch})`;
      addAll(results, { table: 'Programs, by architecture', category, subject }, comparison);
    }),
  );
}

async function checkOneBundle(
  path: string,
  bundle: BundleCase,
  folder: string,
  results: Results,
): Promise<void> {
  const category = bundle.missing ? 'files were removed from it' : bundle.adhoc ? 'signed ad-hoc' : 'signed';
  const where = { table: 'Bundles', category, subject: bundle.path };
  await guarded(bundle, results, async () => {
    addAll(results, where, await checkBundle(path, bundle));
    if (bundle.adhoc) addAll(results, where, await resignBundle(path, folder));
  });
}

function addAll(
  results: Results,
  where: { readonly table: string; readonly category: string; readonly subject: string },
  comparison: Comparison,
): void {
  for (const [check, problem] of Object.entries(comparison)) results.add({ ...where, check, problem });
}

/** Whatever a check throws is a failure, and the others go on. */
async function guarded(
  { path }: { readonly path: string },
  results: Results,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    results.add({ table: 'Errors', category: 'errors', check: 'runs', subject: path, problem });
  }
}
