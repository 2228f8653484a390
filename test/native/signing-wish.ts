import type { JobOptions } from '../../src/engine/index.js';

/** What is asked of both signers, in the words of neither. */
export interface SigningWish {
  readonly identifier?: string;
  /** By the names of `codesign --options`. */
  readonly flags?: readonly string[];
  /** The path of a property list. */
  readonly entitlements?: string;
  readonly runtimeVersion?: string;
  readonly requirements?: string;
}

/** Who signs, in codesign's words: ad-hoc, or the SHA-1 of a certificate, as names can be ambiguous. */
export interface CodesignIdentity {
  readonly sha1: string;
  readonly keychain: string;
}

/** The arguments of codesign. Without `--force` it would refuse what the linker or anybody else has signed. */
export function codesignArguments(path: string, wish: SigningWish, identity?: CodesignIdentity): string[] {
  const { identifier, flags = [], entitlements, runtimeVersion, requirements } = wish;
  return [
    '--force',
    '--timestamp=none',
    ...(identity ? ['--sign', identity.sha1, '--keychain', identity.keychain] : ['--sign', '-']),
    ...(identifier === undefined ? [] : ['--identifier', identifier]),
    ...(flags.length === 0 ? [] : ['--options', flags.join(',')]),
    ...(entitlements === undefined ? [] : ['--entitlements', entitlements]),
    ...(runtimeVersion === undefined ? [] : ['--runtime-version', runtimeVersion]),
    ...(requirements === undefined ? [] : ['--requirements', `=${requirements}`]),
    path,
  ];
}

/** The options of our signer. Unlike codesign it hardens the runtime unless it is told not to. */
export function engineOptions(wish: SigningWish): JobOptions {
  const { flags = [], ...same } = wish;
  return {
    ...same,
    flags: flags.filter((flag) => flag !== 'runtime'),
    hardenedRuntime: flags.includes('runtime'),
    timestamp: false,
  };
}
