import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';
import { writeJson } from '../../nx/outputs.js';
import { describeInspection } from './describe-inspection.js';

export interface InspectExecutorOptions extends CommonOptions {
  path: string;
  format?: 'text' | 'json';
  outputFile?: string;
}

export default defineExecutor<InspectExecutorOptions>(
  async ({ options, dryRun, surroundings, print, shown }) => {
    const { path, format, outputFile } = options;
    if (dryRun) return { success: true, message: `would inspect ${shown(path)}` };
    const { inspect } = await import('../../engine/index.js');
    const inspection = await inspect({ path }, surroundings);
    print(
      format === 'json' ? JSON.stringify(inspection, null, 2).split('\n') : describeInspection(inspection),
    );
    if (outputFile === undefined) return { success: true, message: `inspected ${shown(path)}` };
    await writeJson(outputFile, inspection);
    return { success: true, message: `inspected ${shown(path)}, written to ${shown(outputFile)}` };
  },
);
