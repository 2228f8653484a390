import { join } from 'node:path';
import { appleAuthorities } from '../apple/certificates.js';
import type { Certificate } from '../crypto/certificate.js';
import { buildChain } from '../crypto/chain.js';
import { signingKeyOf, type SigningKey } from '../crypto/signing-key.js';
import type { Clock } from '../system/clock.js';
import { SigningError } from '../system/error.js';
import type { Reporter } from '../system/reporter.js';
import { configFolder } from './config-folder.js';
import { variable } from './environment.js';
import { readKeyPair, type KeyPair } from './key-pair.js';
import { loadMaterial, type MaterialContext } from './material.js';
import { chooseIdentity, IDENTITY_VARIABLES, type IdentityOption, type IdentityRequest } from './option.js';
import { passwordFrom, passwordHint } from './password.js';
import { hasSelfSignedIdentity, selfSignedIdentity } from './self-signed-store.js';
import { checkValidity } from './validity.js';

export interface IdentityContext extends MaterialContext {
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** `source` says for people who signs and why, and never holds a secret. */
export type Identity =
  | { readonly kind: 'adhoc'; readonly source: string }
  | { readonly kind: 'key'; readonly key: SigningKey; readonly source: string };

type KeyRequest = Extract<IdentityRequest, { kind: 'key' }>;

/**
 * Finds who signs and makes the key ready: NX_CODESIGN_IDENTITY before the option before the customary variables of CI.
 * Nothing falls back to another identity by itself.
 * @throws SigningError `NO_IDENTITY` when nobody says who signs or a named variable is not set, `INVALID_OPTION`,
 * `WRONG_PASSWORD`, `INVALID_KEY`, `INVALID_CERTIFICATE`, `KEY_MISMATCH`, `CERTIFICATE_EXPIRED`, `NOT_FOUND`
 */
export async function resolveIdentity(
  option: IdentityOption | undefined,
  context: IdentityContext,
): Promise<Identity> {
  const choice = chooseIdentity(option, context.env);
  if (!choice) throw await noIdentity(context);
  const { request, why } = choice;
  switch (request.kind) {
    case 'adhoc':
      return { kind: 'adhoc', source: `ad-hoc, chosen ${why}` };
    case 'self-signed':
      return selfSigned(why, context);
    case 'key':
      return keyed(request, why, context);
  }
}

async function selfSigned(why: string, context: IdentityContext): Promise<Identity> {
  const folder = selfSignedFolder(context);
  const isNew = !(await hasSelfSignedIdentity(folder));
  const { privateKey, certificate } = await selfSignedIdentity({ ...context, folder });
  if (isNew && variable(context.env, 'CI') !== undefined)
    context.reporter.warn(
      `the self-signed identity was made on a CI machine: keep ${folder}, or the next run signs with another one`,
    );
  const renewal = `remove ${folder} to make a new identity; users then have to grant permissions again`;
  checkValidity(certificate, context, renewal);
  const key = signingKeyOf(privateKey, certificate, []);
  return { kind: 'key', key, source: `${certificate.subject.text} from ${folder}, chosen ${why}` };
}

async function keyed(request: KeyRequest, why: string, context: IdentityContext): Promise<Identity> {
  const certificateMaterial = await loadMaterial(request.certificate, context);
  const keyMaterial = request.key && (await loadMaterial(request.key, context));
  const password = passwordFrom(request.password, context.env);
  const pair = await readKeyPair(certificateMaterial, keyMaterial, password).catch((error: unknown) => {
    throw withPasswordHint(error, request, context);
  });
  const { privateKey, certificate } = pair;
  checkValidity(certificate, context, 'renew it, and check the clock of this machine');
  const key = signingKeyOf(privateKey, certificate, await issuersOf(pair, context));
  return {
    kind: 'key',
    key,
    source: `${certificate.subject.text} from ${certificateMaterial.origin}, chosen ${why}`,
  };
}

function withPasswordHint(error: unknown, { password }: KeyRequest, { env }: IdentityContext): unknown {
  if (!(error instanceof SigningError) || error.code !== 'WRONG_PASSWORD') return error;
  return new SigningError(error.code, error.message, { hint: passwordHint(password, env) });
}

/** The issuers that came with the key, completed from those of Apple that ship with this package. */
async function issuersOf(
  { certificate, certificates }: KeyPair,
  { clock, reporter }: IdentityContext,
): Promise<readonly Certificate[]> {
  const given = buildChain(certificate, certificates, [], clock.now());
  if (given.end === 'root') return given.chain.slice(1);
  const candidates = [...certificates, ...(await appleAuthorities())];
  const { chain, end } = buildChain(certificate, candidates, [], clock.now());
  if (end !== 'root')
    reporter.warn(
      `the chain of ${certificate.subject.text} is incomplete (INCOMPLETE_CHAIN): add the certificate of ${chain.at(-1)!.issuer.text} to the key file`,
    );
  return chain.slice(1);
}

async function noIdentity(context: IdentityContext): Promise<SigningError> {
  const folder = selfSignedFolder(context);
  const state = (await hasSelfSignedIdentity(folder)) ? 'is present, choose it by name' : 'was not made yet';
  const variables = IDENTITY_VARIABLES.map(
    (name) => `${name} is ${context.env[name] === undefined ? 'not set' : 'empty'}`,
  );
  return new SigningError('NO_IDENTITY', 'no signing identity was found', {
    hint: [
      'set the option identity to a .p12 file, env:NAME, self-signed or adhoc',
      ...variables,
      `the self-signed identity in ${folder} ${state}`,
    ].join('; '),
  });
}

function selfSignedFolder({ env, home }: IdentityContext): string {
  return join(configFolder(env, home), 'self-signed');
}
