import type { IdentityOption, Surroundings } from '../engine/index.js';
import { SigningError } from '../engine/system/error.js';

/** Asked for by name, in a development configuration: nothing falls back to an ad-hoc signature by itself. */
export interface Fallback {
  fallbackIdentity?: 'adhoc';
}

type Reach = Pick<Surroundings, 'reporter' | 'env'>;

/**
 * Signs with the identity that was asked for; where none is found and the settings name a fallback, ad-hoc with a warning.
 * @throws SigningError `NO_IDENTITY` when none is found and there is no fallback
 */
export async function withFallbackIdentity<Around extends Reach, Result>(
  { identity, fallbackIdentity }: Fallback & { readonly identity?: IdentityOption | undefined },
  surroundings: Around,
  signWith: (identity: IdentityOption | undefined, surroundings: Around) => Promise<Result>,
): Promise<Result> {
  try {
    return await signWith(identity, surroundings);
  } catch (error) {
    if (!(error instanceof SigningError) || error.code !== 'NO_IDENTITY' || !fallbackIdentity) throw error;
    surroundings.reporter.warn(`${error.message}: signing ad-hoc, as fallbackIdentity allows`);
    // NX_CODESIGN_IDENTITY would override the fallback too.
    const env = { ...surroundings.env, NX_CODESIGN_IDENTITY: undefined };
    return await signWith(fallbackIdentity, { ...surroundings, env });
  }
}
