import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';
import { writeJson } from '../../nx/outputs.js';
import { describeFindings } from './describe-findings.js';

export interface VerifyExecutorOptions extends CommonOptions {
  path: string | string[];
  requirement?: string;
  format?: 'text' | 'json';
  outputFile?: string;
}

export default defineExecutor<VerifyExecutorOptions>(
  async ({ options, dryRun, surroundings, print, shown }) => {
    const { requirement, format, outputFile } = options;
    const paths = [options.path].flat();
    const names = paths.map(shown).join(', ');
    if (dryRun) return { success: true, message: `would verify ${names}` };
    const { verify } = await import('../../engine/index.js');
    const results = [];
    for (const path of paths) {
      results.push({ path: shown(path), ...(await verify({ path, requirement }, surroundings)) });
    }
    print(
      format === 'json' ? JSON.stringify(results, null, 2).split('\n') : describeFindings(results, shown),
    );
    if (outputFile !== undefined) await writeJson(outputFile, results);
    const bad = results.filter(({ ok }) => !ok).map(({ path }) => path);
    if (bad.length > 0) return { success: false, message: `not valid: ${bad.join(', ')}` };
    return { success: true, message: `valid: ${names}` };
  },
  'verify',
);
