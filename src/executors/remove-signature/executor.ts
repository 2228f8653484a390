import { basename, join } from 'node:path';
import type { RemoveSignatureOptions } from '../../engine/index.js';
import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';

export interface RemoveSignatureExecutorOptions extends CommonOptions {
  path: string;
  outputPath: string;
  compat?: RemoveSignatureOptions['compat'];
}

export default defineExecutor<RemoveSignatureExecutorOptions>(
  async ({ options, dryRun, surroundings, shown }) => {
    const outputPath = join(options.outputPath, basename(options.path));
    if (dryRun) return { success: true, message: `would write ${shown(outputPath)} without a signature` };
    const { removeSignature } = await import('../../engine/index.js');
    await removeSignature({ path: options.path, outputPath, compat: options.compat }, surroundings);
    return { success: true, message: `wrote ${shown(outputPath)} without a signature` };
  },
);
