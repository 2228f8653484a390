import { spawnSync } from 'node:child_process';

/** Programs by others whose word we take: they run where they are installed, and are missed aloud where not. */
export type Oracle =
  'openssl' | 'osslsigncode' | 'clang' | 'gcc' | 'unzip' | 'zip' | 'sha256sum' | 'gpg' | 'python3';

const PROBES: Record<Oracle, readonly string[]> = {
  openssl: ['version'],
  osslsigncode: ['--version'],
  clang: ['--version'],
  gcc: ['--version'],
  unzip: ['-v'],
  zip: ['-v'],
  sha256sum: ['--version'],
  gpg: ['--version'],
  python3: ['--version'],
};

export function hasOracle(name: Oracle): boolean {
  return spawnSync(name, PROBES[name], { stdio: 'ignore' }).error === undefined;
}

/** `describe` that needs an outside program: skipped visibly without it, a failure when REQUIRE_ORACLES=1. */
export function describeWithOracle(name: Oracle, title: string, body: () => void): void {
  describeWhen(hasOracle(name), `${name} is not installed`, title, body);
}

/** `describe` that needs something of the machine; `missing` says what. */
export function describeWhen(present: boolean, missing: string, title: string, body: () => void): void {
  if (present) describe(title, body);
  else if (process.env.REQUIRE_ORACLES === '1') {
    it(title, () => {
      throw new Error(`${missing}, and REQUIRE_ORACLES=1 asks for it`);
    });
  } else describe.skip(`${title} [skipped: ${missing}]`, body);
}
