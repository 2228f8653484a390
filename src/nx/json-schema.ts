/** The words of JSON Schema that the schemas of this package use; a spec checks that they use no other. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly description?: string;
}

export interface SchemaError {
  readonly message: string;
  readonly hint?: string;
}

/**
 * Everything in `value` that `schema` does not allow, each with the path of the key in the message.
 * A hundred lines of our own, for a validator (ajv) would be a dependency of every user's workspace.
 */
export function findSchemaErrors(value: unknown, schema: JsonSchema): SchemaError[] {
  return check(value, schema, { root: schema, at: '' });
}

interface Place {
  readonly root: JsonSchema;
  /** Dotted path of the value; empty for the whole document. */
  readonly at: string;
}

function check(value: unknown, schema: JsonSchema, place: Place): SchemaError[] {
  if (schema.$ref !== undefined) return check(value, definition(schema.$ref, place.root), place);
  if (schema.oneOf) return checkOneOf(value, schema.oneOf, place);
  if (schema.const !== undefined && value !== schema.const)
    return wrong(place, `must be ${show(schema.const)}`);
  if (schema.enum && !schema.enum.includes(value)) {
    return wrong(place, `must be one of ${schema.enum.map(show).join(', ')}`);
  }
  if (schema.type && !hasType(value, schema.type)) return wrong(place, `must be ${NAMES[schema.type]}`);
  if (typeof value === 'string') return checkPattern(value, schema, place);
  if (Array.isArray(value)) return checkItems(value, schema, place);
  return typeof value === 'object' && value !== null ? checkObject(value, schema, place) : [];
}

function checkOneOf(value: unknown, choices: readonly JsonSchema[], place: Place): SchemaError[] {
  const results = choices.map((choice) => ({ choice, errors: check(value, choice, place) }));
  if (results.some(({ errors }) => errors.length === 0)) return [];
  // When the value resembles one choice alone, that one was meant: its error says the most.
  const [meant, ...others] = results.filter(({ choice }) => resembles(value, choice));
  if (meant && others.length === 0) return meant.errors;
  return wrong(place, `must be ${choices.map(shape).join(', or ')}`);
}

/** Of its type, and with the keys that tell it from others. */
function resembles(value: unknown, { type, required = [] }: JsonSchema): boolean {
  if (type === undefined || !hasType(value, type)) return false;
  return required.every((name) => Object.hasOwn(value as object, name));
}

function checkPattern(value: string, schema: JsonSchema, place: Place): SchemaError[] {
  if (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)) return [];
  return wrong(place, `is ${show(value)}, which does not match ${schema.pattern}`);
}

function checkItems(value: readonly unknown[], schema: JsonSchema, place: Place): SchemaError[] {
  if (value.length < (schema.minItems ?? 0))
    return wrong(place, `must have at least ${schema.minItems ?? 0} items`);
  const items = schema.items;
  return items ? value.flatMap((item, index) => check(item, items, inside(place, String(index)))) : [];
}

function checkObject(value: object, schema: JsonSchema, place: Place): SchemaError[] {
  const properties = schema.properties ?? {};
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  return [
    ...missing.map((name) => ({ message: `${quoted(inside(place, name))} is missing` })),
    ...Object.entries(value).flatMap(([name, member]) => {
      const known = Object.hasOwn(properties, name) ? properties[name] : schema.additionalProperties;
      if (known === undefined || known === true) return [];
      if (known === false) return [unknownKey(name, Object.keys(properties), place)];
      return check(member, known, inside(place, name));
    }),
  ];
}

function unknownKey(name: string, known: readonly string[], place: Place): SchemaError {
  return {
    message: `${quoted(inside(place, name))} is not a setting`,
    hint: `the settings here are ${known.join(', ')}`,
  };
}

function definition(reference: string, root: JsonSchema): JsonSchema {
  const found = root.definitions?.[reference.replace('#/definitions/', '')];
  if (!found) throw new Error(`the schema refers to ${reference}, which it does not define`);
  return found;
}

const NAMES = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
} as const;

function hasType(value: unknown, type: keyof typeof NAMES): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function shape(schema: JsonSchema): string {
  if (schema.const !== undefined) return show(schema.const);
  if (schema.required?.length) return `an object with ${schema.required.join(' and ')}`;
  return schema.type ? NAMES[schema.type] : 'as its description says';
}

const wrong = (place: Place, what: string): SchemaError[] => [
  { message: place.at === '' ? `the whole file ${what}` : `${quoted(place)} ${what}` },
];
const inside = (place: Place, name: string): Place => ({
  ...place,
  at: place.at === '' ? name : `${place.at}.${name}`,
});
const quoted = (place: Place): string => `"${place.at}"`;
const show = (value: unknown): string => JSON.stringify(value);
