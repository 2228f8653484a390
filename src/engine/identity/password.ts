import { SigningError } from '../system/error.js';
import { Secret } from '../system/secret.js';
import { variable, type Environment } from './environment.js';
import type { PasswordPlace } from './option.js';

/** The password, or undefined when no variable that could hold it is set. @throws SigningError `WRONG_PASSWORD` */
export function passwordFrom(place: PasswordPlace, env: Environment): Secret | undefined {
  for (const name of place.variables) {
    const value = variable(env, name);
    if (value !== undefined) return new Secret(value);
  }
  if (place.isNamed) throw notSet(place);
  return undefined;
}

/** Where the password came from or could have come from, for the hint of an error about it. */
export function passwordHint({ variables }: PasswordPlace, env: Environment): string {
  const used = variables.find((name) => variable(env, name) !== undefined);
  if (used !== undefined)
    return `check ${used}: it has to be the password of this very file, without a line break`;
  return `name its variable as passwordEnv, or set ${variables.join(' or ')}`;
}

function notSet({ variables: [name = ''] }: PasswordPlace): SigningError {
  return new SigningError('WRONG_PASSWORD', `the variable ${name}, named by passwordEnv, is not set`, {
    hint: `set ${name} to the password of the key; in CI, check that the secret exists and is passed to this step`,
  });
}
