import type { BuildHelperOptions } from '../../engine/index.js';
import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';
import { withFallbackIdentity, type Fallback } from '../../nx/fallback-identity.js';
import { describeSignature, writeReceipt } from '../../nx/receipt.js';
import { requireSettings } from '../../nx/require-settings.js';

type Settings = Omit<
  BuildHelperOptions,
  'name' | 'bundleIdentifier' | 'entitlements' | 'signingTime' | 'dryRun'
>;

/** Those of the engine, as JSON can hold them; what it cannot do without may stand in signing.config.json. */
export interface BuildHelperExecutorOptions extends CommonOptions, Fallback, Settings {
  name?: string;
  bundleIdentifier?: string;
  entitlements?: string;
  receipt?: string;
}

export default defineExecutor<BuildHelperExecutorOptions>(async (run) => {
  const { buildHelper } = await import('../../engine/index.js');
  const { options, dryRun } = run;
  const required = requireSettings(options, ['name', 'bundleIdentifier'], 'helper');
  const receipt = await withFallbackIdentity(options, run.surroundings, (identity, surroundings) =>
    buildHelper({ ...options, ...required, identity, dryRun }, surroundings),
  );
  const what = run.shown(receipt.zip.path);
  if (dryRun) return { success: true, message: `would build ${what}` };
  await writeReceipt(run, receipt.bundle, receipt);
  return { success: true, message: `built ${what} (${describeSignature(receipt.signature)})` };
}, 'build-helper');
