import { basename, join } from 'node:path';
import type { CodeOptions, SignOptions } from '../../engine/index.js';
import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';
import { withFallbackIdentity, type Fallback } from '../../nx/fallback-identity.js';
import { describeSignature, writeReceipt } from '../../nx/receipt.js';
import { parseTime } from './parse-time.js';

type Settings = Omit<SignOptions, 'entitlements' | 'paths' | 'signingTime' | 'dryRun'>;

/** Those of the engine, as JSON can hold them; `outputPath` is always a folder. */
export interface SignExecutorOptions extends CommonOptions, Fallback, Settings {
  entitlements?: string;
  provisioningProfile?: string;
  paths?: Record<string, Omit<CodeOptions, 'entitlements'> & { entitlements?: string }>;
  signingTime?: string;
  receipt?: string;
}

export default defineExecutor<SignExecutorOptions>(async (run) => {
  const { sign } = await import('../../engine/index.js');
  const { options, dryRun } = run;
  const signingTime = parseTime(options.signingTime);
  const outputPath = options.outputPath && join(options.outputPath, basename(options.path));
  const receipt = await withFallbackIdentity(options, run.surroundings, (identity, surroundings) =>
    sign({ ...options, identity, outputPath, signingTime, dryRun }, surroundings),
  );
  const what = run.shown(receipt.outputPath);
  if (dryRun) return { success: true, message: `would sign ${what}` };
  await writeReceipt(run, receipt.outputPath, receipt);
  return { success: true, message: `signed ${what} (${describeSignature(receipt)})` };
}, 'sign');
