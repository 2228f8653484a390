import { SigningError } from '../engine/system/error.js';

/**
 * The named settings, which no schema can ask for: a target may leave them to `signing.config.json`.
 * @throws SigningError `INVALID_OPTION` naming the first that no layer has
 */
export function requireSettings<Options extends object, Name extends keyof Options & string>(
  options: Options,
  names: readonly Name[],
  section: string,
): { [Key in Name]-?: NonNullable<Options[Key]> } {
  const missing = names.find((name) => options[name] === undefined);
  if (missing === undefined) return options as { [Key in Name]-?: NonNullable<Options[Key]> };
  throw new SigningError('INVALID_OPTION', `the setting ${missing} is missing`, {
    hint: `set ${section}.${missing} in signing.config.json, or the option ${missing} of the target`,
  });
}
