import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { appleRoots } from './apple/certificates.js';
import type { Certificate } from './crypto/certificate.js';
import { systemClock, type Clock } from './system/clock.js';
import type { Http } from './system/http.js';
import { httpClient } from './system/http-client.js';
import { silentReporter, type Reporter } from './system/reporter.js';

/** What a verb reaches beyond its options. Each can be handed in: by an executor, a test, or a program that embeds the engine. */
export interface Surroundings {
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly http: Http;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** That many unpredictable bytes. */
  readonly random: (size: number) => Uint8Array;
  readonly home: string;
  /** What relative paths count from. */
  readonly cwd: string;
  /** The roots whose certificates count as issued by Apple. */
  readonly appleRoots: readonly Certificate[];
}

export async function completeSurroundings(given: Partial<Surroundings>): Promise<Surroundings> {
  return {
    reporter: given.reporter ?? silentReporter,
    clock: given.clock ?? systemClock,
    http: given.http ?? httpClient(),
    env: given.env ?? process.env,
    random: given.random ?? randomBytes,
    home: given.home ?? homedir(),
    cwd: given.cwd ?? process.cwd(),
    appleRoots: given.appleRoots ?? (await appleRoots()),
  };
}

/** The same surroundings, with a reporter that also remembers what it warned of. */
export function collectWarnings(surroundings: Surroundings): {
  surroundings: Surroundings;
  warnings: readonly string[];
} {
  const warnings: string[] = [];
  const { reporter } = surroundings;
  const collecting: Reporter = {
    step: (text) => {
      reporter.step(text);
    },
    detail: (text) => {
      reporter.detail(text);
    },
    progress: (done, total) => {
      reporter.progress(done, total);
    },
    warn: (text) => {
      warnings.push(text);
      reporter.warn(text);
    },
  };
  return { surroundings: { ...surroundings, reporter: collecting }, warnings };
}
