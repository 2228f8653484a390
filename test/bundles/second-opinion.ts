import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { python } from '../oracles/python.js';

/** Has another program check every seal below a folder: the lines that it prints, the number of seals last. */
export function secondOpinion(folder: string): string[] {
  const checker = readFileSync(join(import.meta.dirname, 'seals.py'), 'utf8');
  return python(checker, new TextEncoder().encode(folder)).toString().trim().split('\n');
}
