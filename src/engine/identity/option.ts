import { SigningError } from '../system/error.js';
import { variable, type Environment } from './environment.js';

/**
 * Who signs, in the user's words. As text: `adhoc` or `-`, `self-signed`, the path of a key file, or `env:NAME` for a
 * variable that holds one. Paths may begin with `~/`; a variable holds base64, PEM or a path. Secrets are never written
 * here, only the names of their variables.
 */
export type IdentityOption =
  | string
  | { readonly p12: string; readonly passwordEnv?: string }
  | { readonly p12Env: string; readonly passwordEnv?: string }
  /** Without `key`, the key is in the file of the certificate. */
  | { readonly certificate: string; readonly key?: string; readonly passwordEnv?: string }
  | { readonly certificateEnv: string; readonly keyEnv?: string; readonly passwordEnv?: string };

/** Where bytes come from. */
export type Place = { readonly file: string } | { readonly variable: string };

/** The variables that may hold the password, the most important first. */
export interface PasswordPlace {
  readonly variables: readonly string[];
  /** The user named the variable: it has to be set. */
  readonly isNamed: boolean;
}

/** The option, normalized. */
export type IdentityRequest =
  | { readonly kind: 'adhoc' }
  | { readonly kind: 'self-signed' }
  | {
      readonly kind: 'key';
      /** Holds the key too when `key` is absent. */
      readonly certificate: Place;
      readonly key: Place | undefined;
      readonly password: PasswordPlace;
    };

/** What was decided, and why: the words end a sentence such as `signed ad-hoc`. */
export interface IdentityChoice {
  readonly request: IdentityRequest;
  readonly why: string;
}

const OVERRIDE = 'NX_CODESIGN_IDENTITY';
const PASSWORD = 'NX_CODESIGN_PASSWORD';

/** Under these names Tauri, electron-builder, GoReleaser and Quill users have their PKCS#12 file and its password. */
const CUSTOMARY: readonly (readonly [string, string])[] = [
  ['APPLE_CERTIFICATE', 'APPLE_CERTIFICATE_PASSWORD'],
  ['CSC_LINK', 'CSC_KEY_PASSWORD'],
  ['MACOS_SIGN_P12', 'MACOS_SIGN_PASSWORD'],
  ['QUILL_SIGN_P12', 'QUILL_SIGN_PASSWORD'],
];

/** The variables that are looked at when nobody says who signs. */
export const IDENTITY_VARIABLES: readonly string[] = [OVERRIDE, ...CUSTOMARY.map(([name]) => name)];

/**
 * NX_CODESIGN_IDENTITY before the option before the customary variables of CI; undefined when there is none of them.
 * @throws SigningError `INVALID_OPTION`
 */
export function chooseIdentity(
  option: IdentityOption | undefined,
  env: Environment,
): IdentityChoice | undefined {
  const override = variable(env, OVERRIDE);
  if (override !== undefined) {
    const over = option === undefined ? '' : ', which overrides the option identity';
    return { request: requestOfText(override, `the value of ${OVERRIDE}`), why: `by ${OVERRIDE}${over}` };
  }
  if (option !== undefined) return { request: requestOf(option), why: 'by the option identity' };
  for (const [name, password] of CUSTOMARY)
    if (variable(env, name) !== undefined)
      return {
        request: keyRequest({ variable: name }, undefined, [password]),
        why: `because ${name} is set`,
      };
  return undefined;
}

function requestOf(option: IdentityOption): IdentityRequest {
  if (typeof option === 'string') return requestOfText(option, `the identity ${JSON.stringify(option)}`);
  const named = option.passwordEnv;
  if ('p12' in option) return keyRequest({ file: option.p12 }, undefined, [], named);
  if ('p12Env' in option) return keyRequest({ variable: option.p12Env }, undefined, [], named);
  if ('certificate' in option) {
    const key = option.key === undefined ? undefined : { file: option.key };
    return keyRequest({ file: option.certificate }, key, [], named);
  }
  const key = option.keyEnv === undefined ? undefined : { variable: option.keyEnv };
  return keyRequest({ variable: option.certificateEnv }, key, [], named);
}

/** @param what how to call the text in a message: the value of a variable could be a secret in the wrong place */
function requestOfText(text: string, what: string): IdentityRequest {
  if (text === 'adhoc' || text === '-') return { kind: 'adhoc' };
  if (text === 'self-signed') return { kind: 'self-signed' };
  if (text.startsWith('env:')) return keyRequest({ variable: text.slice('env:'.length) });
  if (/\.(?:p12|pfx|pem)$/i.test(text)) return keyRequest({ file: text });
  throw new SigningError(
    'INVALID_OPTION',
    `${what} is neither adhoc, self-signed, env:NAME nor a .p12, .pfx or .pem file`,
    {
      hint: 'identities in a keychain have to be exported as a .p12 file',
    },
  );
}

/** Without a named one, the password of the variable NAME may be in NAME_PASSWORD. */
function keyRequest(
  certificate: Place,
  key?: Place,
  customary: readonly string[] = [],
  named?: string,
): IdentityRequest {
  const places = [key, certificate].flatMap((place) =>
    place && 'variable' in place ? [place.variable] : [],
  );
  const password =
    named === undefined
      ? { variables: [...customary, ...places.map((name) => `${name}_PASSWORD`), PASSWORD], isNamed: false }
      : { variables: [named], isNamed: true };
  return {
    kind: 'key',
    certificate,
    key,
    password: { ...password, variables: [...new Set(password.variables)] },
  };
}
