import { Ajv } from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { SHARED_SETTINGS } from './nx/settings.js';

const ROOT = join(__dirname, '..');
const read = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

interface Entry {
  readonly name: string;
  readonly module: string;
  readonly schemaPath: string;
  readonly schema: Schema;
  readonly description: string;
}

type Manifest = Record<
  string,
  { implementation?: string; factory?: string; schema: string; description: string }
>;

/** `dist` mirrors `src`, so that an entry can be checked before anything is built. */
const inSource = (path: string) => path.replace(/^\.\/dist\//u, 'src/').replace(/\.js$/u, '.ts');

function entries(manifest: Manifest): Entry[] {
  return Object.entries(manifest).map(([name, { implementation, factory, schema, description }]) => ({
    name,
    description,
    module: inSource(implementation ?? factory ?? ''),
    schemaPath: inSource(schema),
    schema: read(inSource(schema)) as Schema,
  }));
}

const executors = entries((read('executors.json') as { executors: Manifest }).executors);
const generators = entries((read('generators.json') as { generators: Manifest }).generators);
const config = read('signing.config.schema.json') as Schema;

describe.each([...executors, ...generators].map((entry) => [entry.name, entry] as const))(
  '%s',
  (_, entry) => {
    it('resolves to a module and a schema that are published', () => {
      expect(existsSync(join(ROOT, entry.module))).toBe(true);
      expect(read('package.json')).toMatchObject({ files: expect.arrayContaining(['dist']) as unknown });
      expect(entry.description).not.toBe('');
    });

    it('has a valid JSON schema that describes every property and allows no other', () => {
      expect(compiles(entry.schema)).toBe(true);
      expect(undescribed(entry.schema)).toEqual([]);
      expect(entry.schema.additionalProperties).toBe(false);
    });

    it('has options whose type says the same as the schema', () => {
      expect(typeOf(entry)).toEqual(shapeOf(entry.schema));
    });
  },
);

describe('signing.config.schema.json', () => {
  it('is a valid JSON schema that describes every setting', () => {
    expect(compiles(config)).toBe(true);
    expect(undescribed(config)).toEqual([]);
  });

  it.each([
    ['sign', 'sign'],
    ['helper', 'build-helper'],
    ['verify', 'verify'],
  ])('says of %s what the schema of the executor %s says', (section, executor) => {
    const options = executors.find(({ name }) => name === executor)!.schema.properties!;
    const own = config.properties![section]!.properties!;
    const shared = section === 'verify' ? {} : pick(config.properties!, SHARED_SETTINGS);
    expect({ ...shared, ...own }).toEqual(withoutHints(pick(options, Object.keys({ ...shared, ...own }))));
  });

  it('is not overruled by a default: Nx hands defaults over as if the target had set them', () => {
    for (const { name, schema } of executors) {
      const section = { sign: 'sign', 'build-helper': 'helper', verify: 'verify' }[name];
      const layered =
        section === undefined ? {} : { ...config.properties, ...config.properties![section]!.properties };
      const withDefault = Object.keys(schema.properties!).filter(
        (key) => schema.properties![key]!.default !== undefined,
      );
      expect(withDefault.filter((key) => key in layered)).toEqual([]);
    }
  });
});

describe('importing an executor', () => {
  it.each(executors.map(({ name, module }) => [name, module]))(
    'is cheap for %s: a few small modules, no package',
    (_, module) => {
      const { files, packages } = eagerGraph(module);
      expect(packages).toEqual([]);
      expect(files.size).toBeLessThan(16);
    },
  );
});

function compiles(schema: Schema): boolean {
  const rest = Object.fromEntries(Object.entries(schema).filter(([name]) => !name.startsWith('$')));
  // Nx has words of its own (x-prompt, cli, …), which ajv's strict mode would take for mistakes.
  return typeof new Ajv({ strict: false, validateSchema: true }).compile(rest) === 'function';
}

function undescribed(schema: Schema, at = ''): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...(property.description ? [] : [`${at}${name}`]),
    ...undescribed(property, `${at}${name}.`),
  ]);
  const choices = (schema.oneOf ?? []).flatMap((choice) => undescribed(choice, at));
  const rest =
    typeof schema.additionalProperties === 'object'
      ? undescribed(schema.additionalProperties, `${at}*.`)
      : [];
  return [...inner, ...choices, ...rest];
}

function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T | undefined> {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

/** Without the keys that only Nx Console reads. */
function withoutHints(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key.startsWith('x-') ? undefined : value)),
  );
}

/** Each option with the kinds of value it takes: `?` marks those that may be left out. */
type Shape = Record<string, string[]>;

function shapeOf(schema: Schema): Shape {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => [
      schema.required?.includes(name) ? name : `${name}?`,
      [...new Set(kindsOf(property))].sort(),
    ]),
  );
}

function kindsOf(schema: Schema): string[] {
  if (schema.oneOf) return schema.oneOf.flatMap(kindsOf);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  if (schema.type === 'array') return kindsOf(schema.items ?? {}).map((kind) => `${kind}[]`);
  return [schema.type ?? 'unknown'];
}

const program = ts.createProgram(
  [...executors, ...generators].map(({ module }) => join(ROOT, module)),
  {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
    skipLibCheck: true,
  },
);

/** The shape of the first parameter's type: options of an executor (default export) or a generator. */
function typeOf({ module }: Entry): Shape {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(ROOT, module))!;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!);
  const run = exported.find(({ name }) => name === 'default')!;
  const signature = checker.getTypeOfSymbol(run).getCallSignatures()[0]!;
  const options = signature.getParameters().find(({ name }) => name !== 'tree')!;
  return Object.fromEntries(
    checker
      .getTypeOfSymbol(options)
      .getProperties()
      .map((property) => {
        const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0;
        const kinds = typeKinds(checker.getTypeOfSymbol(property), checker);
        return [isOptional ? `${property.name}?` : property.name, [...new Set(kinds)].sort()];
      }),
  );
}

function typeKinds(type: ts.Type, checker: ts.TypeChecker): string[] {
  if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) return [];
  if (type.flags & ts.TypeFlags.BooleanLike) return ['boolean'];
  if (type.isStringLiteral()) return [JSON.stringify(type.value)];
  if (type.isUnion()) return type.types.flatMap((member) => typeKinds(member, checker));
  if (type.flags & ts.TypeFlags.String) return ['string'];
  if (checker.isArrayType(type)) {
    return checker
      .getTypeArguments(type as ts.TypeReference)
      .flatMap((item) => typeKinds(item, checker))
      .map((kind) => `${kind}[]`);
  }
  return ['object'];
}

/** What is loaded with a module before any of its code runs. */
function eagerGraph(start: string) {
  const files = new Set<string>();
  const packages: string[] = [];
  const visit = (path: string) => {
    if (files.has(path)) return;
    files.add(path);
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(
      /^(?:import|export)(?! type\b)[^;]*? from '([^']+)';/gmu,
    )) {
      if (target.startsWith('.')) visit(resolve(dirname(path), target.replace(/\.js$/u, '.ts')));
      else if (!target.startsWith('node:')) packages.push(target);
    }
  };
  visit(join(ROOT, start));
  return { files, packages };
}
