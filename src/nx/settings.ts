import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { configFolder } from '../engine/identity/config-folder.js';
import { variable } from '../engine/identity/environment.js';
import { SigningError } from '../engine/system/error.js';
import { readConfigFile, type SigningConfig, type Values } from './config-file.js';

/** Executors whose options `signing.config.json` may complete, and the part of the file that does. */
const SECTIONS = { sign: 'sign', 'build-helper': 'helper', verify: 'verify' } as const;
export type Configurable = keyof typeof SECTIONS;

/** Settings that stand at the top of the file because everything that signs shares them. */
export const SHARED_SETTINGS = ['identity', 'fallbackIdentity', 'timestamp', 'compat'] as const;

/** Options that hold a path, or a list of paths, in any executor. */
const PATHS = new Set([
  'path',
  'against',
  'outputPath',
  'outputFile',
  'receipt',
  'sources',
  'prebuilt',
  'infoPlist',
  'entitlements',
  'provisioningProfile',
]);

/** All settings of one run: the value of each, and for people where it came from. */
export interface Settings {
  readonly values: Values;
  readonly origins: Readonly<Record<string, string>>;
}

export interface SettingsRequest {
  readonly executor: Configurable | undefined;
  /** The options of the target, as Nx hands them over: paths are relative to `root`. */
  readonly options: Values;
  /** Absolute path of the workspace. */
  readonly root: string;
  /** Path of the project, relative to `root`; undefined outside a project. */
  readonly projectRoot: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Layer {
  readonly origin: string;
  /** What relative paths in the layer are relative to. */
  readonly base: string;
  readonly values: Values;
}

/**
 * Puts the layers of settings together, the most important first: the target's options, `signing.config.json` of the
 * project, that of the workspace, environment variables, the user's `config.json`. A setting is taken whole from the
 * first layer that has it; paths become absolute.
 * @throws SigningError `INVALID_OPTION` when a file is not as its schema says.
 */
export async function resolveSettings(request: SettingsRequest): Promise<Settings> {
  const values: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const layer of await layersOf(request)) {
    for (const [name, value] of Object.entries(layer.values)) {
      if (value === undefined || name in values) continue;
      values[name] = absolute(name, value, layer.base);
      origins[name] = layer.origin;
    }
  }
  return { values, origins };
}

async function layersOf({ executor, options, root, projectRoot, env }: SettingsRequest): Promise<Layer[]> {
  const target = { origin: 'the options of the target', base: root, values: options };
  if (!executor) return [target];
  const folders = new Set(projectRoot === undefined ? [root] : [join(root, projectRoot), root]);
  const shared = [...folders].map((folder) => join(folder, 'signing.config.json'));
  return [
    target,
    ...(await fileLayers(executor, shared)),
    { origin: 'the environment', base: root, values: environmentValues(executor, env) },
    ...(await fileLayers(executor, [join(configFolder(env, homedir()), 'config.json')])),
  ];
}

async function fileLayers(executor: Configurable, paths: readonly string[]): Promise<Layer[]> {
  const configs = await Promise.all(
    paths.map(async (path) => ({ path, config: await readConfigFile(path) })),
  );
  return configs.flatMap(({ path, config }) =>
    config ? [{ origin: path, base: dirname(path), values: valuesFor(executor, config) }] : [],
  );
}

function valuesFor(executor: Configurable, config: SigningConfig): Values {
  const own = config[SECTIONS[executor]] ?? {};
  if (executor === 'verify') return own;
  return { ...Object.fromEntries(SHARED_SETTINGS.map((name) => [name, config[name]])), ...own };
}

function environmentValues(executor: Configurable, env: SettingsRequest['env']): Values {
  const timestamp = variable(env, 'NX_CODESIGN_TIMESTAMP');
  const compiler = variable(env, 'NX_CODESIGN_COMPILER');
  switch (executor) {
    case 'sign':
      return { timestamp: timestamp && timestampSetting(timestamp) };
    case 'build-helper':
      return { timestamp: timestamp && timestampSetting(timestamp), compiler };
    case 'verify':
      return {};
  }
}

function timestampSetting(text: string): boolean | string[] {
  if (text === 'true' || text === 'false') return text === 'true';
  const servers = text.split(',').map((server) => server.trim());
  if (servers.every((server) => /^https?:\/\/\S+$/u.test(server))) return servers;
  throw new SigningError(
    'INVALID_OPTION',
    'NX_CODESIGN_TIMESTAMP is neither true, false nor a list of URLs',
    {
      hint: 'separate several servers by commas',
    },
  );
}

function absolute(name: string, value: unknown, base: string): unknown {
  if (name === 'identity') return absoluteIdentity(value, base);
  if (name === 'paths') return absoluteEntitlements(value as Record<string, Values>, base);
  if (!PATHS.has(name)) return value;
  if (Array.isArray(value)) return value.map((path) => absolutePath(path, base));
  return absolutePath(value, base);
}

/** An identity is a word (`adhoc`), a reference (`env:NAME`) or a path; or an object of paths and names of variables. */
function absoluteIdentity(identity: unknown, base: string): unknown {
  if (typeof identity === 'string') {
    return /\.(?:p12|pfx|pem)$/iu.test(identity) ? absolutePath(identity, base) : identity;
  }
  return Object.fromEntries(
    Object.entries(identity as Values).map(([name, value]) =>
      IDENTITY_FILES.has(name) ? [name, absolutePath(value, base)] : [name, value],
    ),
  );
}

const IDENTITY_FILES = new Set(['p12', 'certificate', 'key']);

function absoluteEntitlements(paths: Readonly<Record<string, Values>>, base: string): unknown {
  return Object.fromEntries(
    Object.entries(paths).map(([glob, own]) => [
      glob,
      'entitlements' in own ? { ...own, entitlements: absolutePath(own.entitlements, base) } : own,
    ]),
  );
}

/** The engine knows `~/`, the home of whoever signs. */
function absolutePath(path: unknown, base: string): unknown {
  const isRelative = typeof path === 'string' && !isAbsolute(path) && !path.startsWith('~/');
  return isRelative ? resolve(base, path) : path;
}
