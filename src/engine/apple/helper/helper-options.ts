import { resolve } from 'node:path';
import type { ChecksumFormat } from '../../system/checksum.js';
import { SigningError } from '../../system/error.js';
import { encodeVersion, type MinimumVersions } from '../toolchain/architecture.js';
import type { CompileOptions } from '../toolchain/compile-universal.js';
import { EMBED_LANGUAGES, type EmbedLanguage } from './embed/modules.js';

export interface HelperOptions extends Omit<CompileOptions, 'sources' | 'output'> {
  /** Of the bundle, its executable and its archive. */
  readonly name: string;
  readonly bundleIdentifier: string;
  /** One to three numbers; `1.0.0` by default. */
  readonly version?: string | undefined;
  /** C files, or `prebuilt`: a Mach-O executable that exists already. */
  readonly sources?: readonly string[] | undefined;
  readonly prebuilt?: string | undefined;
  /** A property list file; by default one is made. */
  readonly infoPlist?: string | undefined;
  /** The folder for the bundle, its archive, checksum and modules. */
  readonly outputPath: string;
  readonly embed?: readonly EmbedLanguage[] | undefined;
  /** Name the archive by its absolute path, for builds that copy the modules elsewhere. Such files cannot be cached. */
  readonly embedAbsolutePaths?: boolean | undefined;
  /** `helper` by default. */
  readonly goPackage?: string | undefined;
  /** `sha256sum` by default. */
  readonly checksumFormat?: ChecksumFormat | undefined;
}

/** The options, complete and checked; every path is absolute. */
export interface HelperRequest {
  readonly name: string;
  readonly bundleIdentifier: string;
  readonly version: string;
  readonly program: Program;
  readonly minimumVersions: Partial<MinimumVersions>;
  readonly infoPlist: string | undefined;
  readonly outputPath: string;
  readonly embed: readonly EmbedLanguage[];
  readonly embedAbsolutePaths: boolean;
  readonly goPackage: string;
  readonly checksumFormat: ChecksumFormat;
}

export type Program =
  | ({ readonly kind: 'sources' } & Omit<CompileOptions, 'output' | 'minimumVersions'>)
  | { readonly kind: 'prebuilt'; readonly path: string };

/** @throws SigningError `INVALID_OPTION` */
export function normalizeHelperOptions(options: HelperOptions, cwd: string): HelperRequest {
  return {
    name: matching('name', options.name, NAME, 'KodegenHelper'),
    bundleIdentifier: matching(
      'bundleIdentifier',
      options.bundleIdentifier,
      IDENTIFIER,
      'com.example.helper',
    ),
    version: matching('version', options.version ?? '1.0.0', VERSION, '1.2.3'),
    program: programOf(options, cwd),
    minimumVersions: checkedVersions(options.minimumVersions ?? {}),
    infoPlist: options.infoPlist === undefined ? undefined : resolve(cwd, options.infoPlist),
    outputPath: oneLine(resolve(cwd, options.outputPath)),
    embed: checkedLanguages(options.embed ?? []),
    embedAbsolutePaths: options.embedAbsolutePaths ?? false,
    goPackage: matching('goPackage', options.goPackage ?? 'helper', GO_PACKAGE, 'helper'),
    checksumFormat: options.checksumFormat ?? 'sha256sum',
  };
}

// These end up in paths, property lists and the source code of four languages: what is let in needs no escaping there.
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const IDENTIFIER = /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const VERSION = /^\d{1,9}(\.\d{1,9}){0,2}$/;
const GO_PACKAGE = /^[a-z][a-z0-9_]*$/;

function matching(option: string, value: string, pattern: RegExp, example: string): string {
  if (pattern.test(value)) return value;
  throw new SigningError('INVALID_OPTION', `the option "${option}" cannot be ${JSON.stringify(value)}`, {
    hint: `write it like ${example}`,
  });
}

function programOf(options: HelperOptions, cwd: string): Program {
  const { sources = [], prebuilt, compiler, defines, compileFlags, includeFolders = [] } = options;
  if (sources.length > 0 === (prebuilt !== undefined)) {
    throw new SigningError(
      'INVALID_OPTION',
      'a helper is made either of "sources" or of one "prebuilt" program',
      {
        hint: 'set one of the two options',
      },
    );
  }
  if (prebuilt !== undefined) return { kind: 'prebuilt', path: resolve(cwd, prebuilt) };
  return {
    kind: 'sources',
    sources: sources.map((source) => resolve(cwd, source)),
    includeFolders: includeFolders.map((folder) => resolve(cwd, folder)),
    compiler,
    defines,
    compileFlags,
  };
}

function checkedVersions(versions: Partial<MinimumVersions>): Partial<MinimumVersions> {
  Object.values(versions).forEach(encodeVersion);
  return versions;
}

function checkedLanguages(languages: readonly EmbedLanguage[]): readonly EmbedLanguage[] {
  const unknown = languages.find((language) => !EMBED_LANGUAGES.includes(language));
  if (unknown === undefined) return [...new Set(languages)];
  throw new SigningError('INVALID_OPTION', `there is no module for the language ${JSON.stringify(unknown)}`, {
    hint: `choose among ${EMBED_LANGUAGES.join(', ')}`,
  });
}

function oneLine(path: string): string {
  if (!/[\r\n]/.test(path)) return path;
  throw new SigningError('INVALID_OPTION', `the path ${JSON.stringify(path)} has a line break`);
}
