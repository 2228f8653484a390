import { readFile } from 'node:fs/promises';
import { fileError, SigningError, systemCode } from '../engine/system/error.js';
import { findSchemaErrors, type JsonSchema } from './json-schema.js';

/** The parts of `signing.config.json`; `signing.config.schema.json` describes every key. */
export interface SigningConfig {
  readonly sign?: Values;
  readonly helper?: Values;
  readonly verify?: Values;
  readonly [shared: string]: unknown;
}

export type Values = Readonly<Record<string, unknown>>;

const SCHEMA = new URL('../../signing.config.schema.json', import.meta.url);

/**
 * Reads one `signing.config.json`; undefined when there is none.
 * @throws SigningError `INVALID_OPTION` naming the file and the key, when the file is not JSON or has a setting that the schema does not know.
 */
export async function readConfigFile(path: string): Promise<SigningConfig | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  const config = parse(text, path);
  const [problem] = findSchemaErrors(config, await loadSchema());
  if (problem)
    throw new SigningError('INVALID_OPTION', `${path}: ${problem.message}`, { hint: problem.hint });
  return config as SigningConfig;
}

async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SigningError('INVALID_OPTION', `${path} is not JSON: ${(error as Error).message}`, {
      hint: 'comments and trailing commas are not allowed in it',
    });
  }
}

async function loadSchema(): Promise<JsonSchema> {
  return JSON.parse(await readFile(SCHEMA, 'utf8')) as JsonSchema;
}
