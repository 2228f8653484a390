import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

// The arrows of ARCHITECTURE.md: a module may import what the first rule that matches it lists.
// SAME stands for the folder that the rule has matched.
/** Small modules of the engine that the Nx side may load before it knows whether it needs the engine. */
const VOCABULARY = [
  'engine/system/error',
  'engine/system/reporter',
  'engine/identity/config-folder',
  'engine/identity/environment',
];

interface Rule {
  readonly from: RegExp;
  readonly may: readonly RegExp[];
}

/** Any folder of the engine, and the files beside the verbs that they share. */
const OF_VERBS = [
  /^engine\/\w+\//u,
  /^engine\/(?:output|receipt|surroundings|signing-job|timestamp-source)$/u,
  /^node:/u,
];

const RULES: readonly Rule[] = [
  {
    from: /^executors\/([\w-]+)\//u,
    may: [/^nx\//u, /^engine\/index$/u, /^executors\/SAME\//u, starts(VOCABULARY), /^node:/u],
  },
  {
    from: /^generators\/([\w-]+)\//u,
    may: [/^nx\//u, /^generators\/SAME\//u, starts(VOCABULARY), /^node:/u, /^@nx\/devkit$/u],
  },
  { from: /^nx\//u, may: [/^nx\//u, /^engine\/index$/u, starts(VOCABULARY), /^node:/u, /^@nx\/devkit$/u] },
  { from: /^index$/u, may: [/^engine\/index$/u] },
  { from: /^engine\/index$/u, may: [/^engine\//u] },
  { from: /^engine\/build-helper$/u, may: [/^engine\/sign$/u, ...OF_VERBS] },
  { from: /^engine\/sign$/u, may: [/^engine\/verify$/u, ...OF_VERBS] },
  { from: /^engine\/[\w-]+$/u, may: OF_VERBS },
  { from: /^engine\/bytes\//u, may: [/^engine\/bytes\//u] },
  {
    from: /^engine\/crypto\//u,
    may: [
      /^engine\/(?:crypto|bytes)\//u,
      starts(['error', 'http', 'clock', 'secret'].map((name) => `engine/system/${name}`)),
      /^node:(?:crypto|util)$/u,
    ],
  },
  { from: /^engine\/system\//u, may: [/^engine\/(?:system|bytes)\//u, /^node:/u] },
  { from: /^engine\/identity\//u, may: [/^engine\/(?:identity|apple|crypto|bytes|system)\//u, /^node:/u] },
  { from: /^engine\/(\w+)\//u, may: [/^engine\/(?:SAME|crypto|bytes|system)\//u, /^node:/u] },
];

/** The one file in which each dependency may appear. */
const OWNERS: Readonly<Record<string, string>> = {
  execa: 'engine/system/run',
  archiver: 'engine/system/zip',
  'fs-extra/esm': 'engine/system/folder',
  jose: 'engine/apple/connect/token',
  'node-forge': 'engine/crypto/rc2',
  '@octokit/rest': 'engine/github/client',
};

describe('the arrows of ARCHITECTURE.md', () => {
  const modules = readModules(resolve(__dirname));

  it('covers every module by a rule', () => {
    expect(modules.filter(({ name }) => !ruleFor(name)).map(({ name }) => name)).toEqual([]);
  });

  it('holds for every import', () => {
    const broken = modules.flatMap(({ name, imports }) =>
      imports.filter((target) => !isAllowed(name, target)).map((target) => `${name} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('loads every dependency lazily, in the file that owns it', () => {
    const eager = modules.flatMap(({ name, eagerImports }) =>
      eagerImports.filter((target) => target in OWNERS).map((target) => `${name} -> ${target}`),
    );
    expect(eager).toEqual([]);
  });

  it('finds an arrow that points the wrong way', () => {
    expect(isAllowed('engine/bytes/layout', 'node:fs')).toBe(false);
    expect(isAllowed('engine/crypto/cms', 'engine/system/files')).toBe(false);
    expect(isAllowed('engine/apple/macho/fat', 'engine/windows/pe/read')).toBe(false);
    expect(isAllowed('executors/sign/executor', 'engine/sign')).toBe(false);
    expect(isAllowed('executors/sign/executor', 'executors/verify/executor')).toBe(false);
    expect(isAllowed('engine/verify', 'engine/sign')).toBe(false);
    expect(isAllowed('engine/system/files', 'execa')).toBe(false);
  });
});

interface Module {
  /** Path below `src`, without extension. */
  readonly name: string;
  /** What it imports at run time: paths below `src`, or package names. */
  readonly imports: readonly string[];
  readonly eagerImports: readonly string[];
}

function readModules(root: string): Module[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !/generators.[\w-]+.files/u.test(path),
    )
    .map((path) => readModule(root, path));
}

function readModule(root: string, path: string): Module {
  const text = readFileSync(join(root, path), 'utf8');
  const eager = [
    ...text.matchAll(/^(?:import|export)(?! type\b)[^;]*? from '([^']+)';/gmu),
    ...text.matchAll(/^import '([^']+)';/gmu),
  ];
  const lazy = [...text.matchAll(/\bimport\('([^']+)'\)/gu)].filter(({ index }) => !isInType(text, index));
  const names = (matches: RegExpExecArray[]) => matches.map(([, target]) => resolveName(root, path, target!));
  return { name: withoutExtension(path), imports: names([...eager, ...lazy]), eagerImports: names(eager) };
}

/** `typeof import('x')` is erased. */
function isInType(text: string, index: number): boolean {
  return /typeof\s+$/u.test(text.slice(Math.max(0, index - 10), index));
}

function resolveName(root: string, from: string, target: string): string {
  if (!target.startsWith('.')) return target;
  return withoutExtension(relative(root, resolve(root, from, '..', target)));
}

function withoutExtension(path: string): string {
  return path
    .split(sep)
    .join('/')
    .replace(/\.[jt]s$/u, '');
}

function ruleFor(name: string): Rule | undefined {
  return RULES.find(({ from }) => from.test(name));
}

function isAllowed(name: string, target: string): boolean {
  if (target in OWNERS) return OWNERS[target] === name;
  const rule = ruleFor(name);
  const group = rule?.from.exec(name)?.[1] ?? '';
  return (
    rule?.may.some(({ source }) => new RegExp(source.replaceAll('SAME', group), 'u').test(target)) ?? false
  );
}

function starts(names: readonly string[]): RegExp {
  return new RegExp(`^(?:${names.join('|')})$`, 'u');
}
