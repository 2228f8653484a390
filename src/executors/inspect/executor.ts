import { defineExecutor, type CommonOptions } from '../../nx/define-executor.js';
import { writeJson } from '../../nx/outputs.js';
import { describeDiff } from './describe-diff.js';
import { describeInspection } from './describe-inspection.js';

export interface InspectExecutorOptions extends CommonOptions {
  path: string;
  against?: string;
  format?: 'text' | 'json';
  outputFile?: string;
}

export default defineExecutor<InspectExecutorOptions>(
  async ({ options, dryRun, surroundings, print, shown }) => {
    const { path, against, format, outputFile } = options;
    const what = against === undefined ? shown(path) : `${shown(path)} against ${shown(against)}`;
    if (dryRun) return { success: true, message: `would inspect ${what}` };
    const { lines, json } = await look(path, against, surroundings);
    print(format === 'json' ? JSON.stringify(json, null, 2).split('\n') : lines);
    if (outputFile === undefined) return { success: true, message: `inspected ${what}` };
    await writeJson(outputFile, json);
    return { success: true, message: `inspected ${what}, written to ${shown(outputFile)}` };
  },
);

async function look(
  path: string,
  against: string | undefined,
  surroundings: Parameters<typeof import('../../engine/index.js').inspect>[1],
): Promise<{ lines: string[]; json: object }> {
  const { diff, inspect } = await import('../../engine/index.js');
  if (against === undefined) {
    const inspection = await inspect({ path }, surroundings);
    return { lines: describeInspection(inspection), json: inspection };
  }
  const difference = await diff({ path, against }, surroundings);
  return { lines: describeDiff(difference), json: difference };
}
