import { resolve } from 'node:path';
import { inspectCode, type Inspection } from './apple/inspect-code.js';
import { completeSurroundings, type Surroundings } from './surroundings.js';

export type { Inspection } from './apple/inspect-code.js';

export interface InspectOptions {
  /** A Mach-O file, or a bundle, whose main executable is looked at. */
  readonly path: string;
}

/**
 * Tells what the signature of each architecture says; whether it is true is for `verify`.
 * @throws SigningError `NOT_FOUND`, `NOT_SIGNABLE`, `MALFORMED`, `INVALID_BUNDLE`
 */
export async function inspect(
  options: InspectOptions,
  given: Partial<Surroundings> = {},
): Promise<Inspection> {
  const surroundings = await completeSurroundings(given);
  return inspectCode(resolve(surroundings.cwd, options.path), surroundings);
}
