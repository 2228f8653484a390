import type { IdentityOption } from '../engine/index.js';
import { SigningError } from '../engine/system/error.js';
import { silentReporter } from '../engine/system/reporter.js';
import { withFallbackIdentity } from './fallback-identity.js';

const missing = new SigningError('NO_IDENTITY', 'no identity was found');
const needsAdhoc = async (identity: IdentityOption | undefined) => {
  if (identity !== 'adhoc') throw missing;
  return identity;
};
const surroundings = {
  reporter: silentReporter,
  env: { NX_CODESIGN_IDENTITY: 'gone.p12', HOME: '/home/me' },
};

describe('withFallbackIdentity', () => {
  it('fails without an identity when no fallback is named', async () => {
    await expect(withFallbackIdentity({}, surroundings, needsAdhoc)).rejects.toBe(missing);
  });

  it('falls back with a warning, past NX_CODESIGN_IDENTITY, when the settings say so', async () => {
    const warnings: string[] = [];
    const reporter = { ...silentReporter, warn: (text: string) => void warnings.push(text) };
    const environments: object[] = [];
    const signed = await withFallbackIdentity(
      { fallbackIdentity: 'adhoc' },
      { ...surroundings, reporter },
      (identity, { env }) => {
        environments.push(env);
        return needsAdhoc(identity);
      },
    );
    expect(signed).toBe('adhoc');
    expect(environments).toEqual([surroundings.env, { HOME: '/home/me' }]);
    expect(warnings).toEqual(['no identity was found: signing ad-hoc, as fallbackIdentity allows']);
  });

  it('is no way around any other failure', async () => {
    const expired = new SigningError('CERTIFICATE_EXPIRED', 'the certificate has expired');
    const sign = async (identity: IdentityOption | undefined) => {
      if (identity !== 'adhoc') throw expired;
    };
    const settings = { identity: 'a.p12', fallbackIdentity: 'adhoc' } as const;
    await expect(withFallbackIdentity(settings, surroundings, sign)).rejects.toBe(expired);
  });
});
