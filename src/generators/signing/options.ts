import { SigningError } from '../../engine/system/error.js';

/** What `nx g nx-codesign:signing` is asked; schema.json describes each. */
export interface SigningGeneratorOptions {
  project: string;
  artifact?: string;
  buildTarget?: string;
  identifier?: string;
  identity?: 'self-signed' | 'adhoc' | 'certificate';
  teamId?: string;
  helper?: boolean;
  helperName?: string;
  helperIdentifier?: string;
  parent?: string;
  embed?: ('rust' | 'typescript' | 'go' | 'c')[];
  skipFormat?: boolean;
}

export type CompleteOptions = Readonly<Required<SigningGeneratorOptions>>;

/**
 * Fills in the defaults and refuses every value that could be more than a name once it stands in C, a property list,
 * a requirement or a shell command.
 * @throws SigningError `INVALID_OPTION` naming the option and what it may be.
 */
export function completeOptions(options: SigningGeneratorOptions): CompleteOptions {
  // An answer left empty at a prompt is no answer.
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== ''),
  ) as typeof options;
  const name = plainName(options.project);
  const identifier = given.identifier ?? `com.example.${name}`;
  const artifact = given.artifact ?? `dist/${name}`;
  const complete: CompleteOptions = {
    project: options.project,
    artifact,
    buildTarget: given.buildTarget ?? 'build',
    identifier,
    identity: given.identity ?? 'self-signed',
    teamId: given.teamId ?? '',
    helper: given.helper ?? true,
    helperName: given.helperName ?? `${pascalCase(name)}Helper`,
    helperIdentifier: given.helperIdentifier ?? `${identifier}.helper`,
    parent: given.parent ?? executableName(artifact),
    embed: given.embed ?? [],
    skipFormat: given.skipFormat ?? false,
  };
  checkAll(complete);
  return complete;
}

const IDENTIFIER = {
  pattern: /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/u,
  hint: 'a reverse domain name of letters, digits and hyphens, for example com.example.daemon',
};

/** The same expressions as in schema.json, which Nx checks only for what comes from the command line. */
const ALLOWED: Partial<Record<keyof SigningGeneratorOptions, { pattern: RegExp; hint: string }>> = {
  artifact: {
    pattern: /^(?!.*\.\.)[A-Za-z0-9_@][A-Za-z0-9 ._@+-]*(?:\/[A-Za-z0-9_@][A-Za-z0-9 ._@+-]*)*$/u,
    hint: 'a path inside the project, with slashes',
  },
  buildTarget: { pattern: /^[A-Za-z0-9][A-Za-z0-9:_.-]*$/u, hint: 'the name of a target of the project' },
  identifier: IDENTIFIER,
  helperIdentifier: IDENTIFIER,
  teamId: {
    pattern: /^(?:[A-Z0-9]{10})?$/u,
    hint: 'ten capital letters and digits, as Apple shows it, or nothing',
  },
  helperName: {
    pattern: /^[A-Za-z][A-Za-z0-9._-]{0,62}$/u,
    hint: 'a letter, then letters, digits, dots, hyphens or underscores',
  },
  parent: {
    pattern: /^[A-Za-z0-9._ -]{1,63}(?:,[A-Za-z0-9._ -]{1,63})*$/u,
    hint: 'file names of letters, digits, spaces, dots, hyphens and underscores, separated by commas',
  },
};

const IDENTITIES = ['self-signed', 'adhoc', 'certificate'];
const LANGUAGES = ['rust', 'typescript', 'go', 'c'];

function checkAll(options: CompleteOptions): void {
  for (const [name, { pattern, hint }] of Object.entries(ALLOWED)) {
    const value = String(options[name as keyof CompleteOptions]);
    if (!pattern.test(value)) refuse(name, value, hint);
  }
  if (!IDENTITIES.includes(options.identity))
    refuse('identity', options.identity, `one of ${IDENTITIES.join(', ')}`);
  for (const language of options.embed) {
    if (!LANGUAGES.includes(language)) refuse('embed', language, `some of ${LANGUAGES.join(', ')}`);
  }
}

function refuse(option: string, value: string, hint: string): never {
  throw new SigningError(
    'INVALID_OPTION',
    `--${option} cannot be ${JSON.stringify(value)}: it must be ${hint}`,
  );
}

/** `@scope/my daemon` -> `my-daemon`: what may stand in an identifier. */
function plainName(project: string): string {
  const last = project.slice(project.lastIndexOf('/') + 1);
  return last.replace(/[^A-Za-z0-9-]+/gu, '-').replace(/^-+|-+$/gu, '') || 'app';
}

function pascalCase(name: string): string {
  const joined = name.replace(/(?:^|-+)([A-Za-z0-9])/gu, (_, first: string) => first.toUpperCase());
  return /^[A-Za-z]/u.test(joined) ? joined : `App${joined}`;
}

/** The program that calls the helper: the file itself, or the executable that a bundle is named after. */
function executableName(artifact: string): string {
  const file = artifact.slice(artifact.lastIndexOf('/') + 1);
  return file.replace(/\.app$/u, '');
}
