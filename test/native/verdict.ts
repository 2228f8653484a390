import { verify } from '../../src/engine/index.js';
import { runTool } from './run-tool.js';

/** As strict as codesign can be, through everything that is nested. */
export function verifyArguments(path: string): string[] {
  return ['--verify', '--deep', '--strict', '--verbose=4', path];
}

export interface Verdict {
  readonly ok: boolean;
  /** Apple's and our words for what is wrong; '' when nothing is. */
  readonly words: string;
}

/** What Apple's verifier says. Its exit codes are 0 and 1; 3 is for requirements. */
export function theirVerdict(path: string): Verdict {
  const { status, stderr } = runTool('codesign', verifyArguments(path), { statuses: [0, 1] });
  return { ok: status === 0, words: status === 0 ? '' : stderr };
}

/** What ours says. */
export async function ourVerdict(path: string): Promise<Verdict> {
  const { ok, findings } = await verify({ path });
  const errors = findings.filter(({ severity }) => severity === 'error');
  return { ok, words: errors.map(({ message, path: where }) => `${where}: ${message}`).join('\n') };
}

/** Apple's own sentence in a verdict, without the path before it and the details below it. */
export function sentenceOf(words: string): string {
  const [first = ''] = words.split('\n');
  return first.slice(first.lastIndexOf(': ') + 1).trim();
}
