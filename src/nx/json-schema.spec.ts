import { Ajv } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSchemaErrors, type JsonSchema } from './json-schema.js';

const schema = JSON.parse(
  readFileSync(join(__dirname, '../../signing.config.schema.json'), 'utf8'),
) as JsonSchema;
const messages = (value: unknown) => findSchemaErrors(value, schema).map(({ message }) => message);

const GOOD: unknown[] = [
  {},
  { $schema: './x', identity: 'adhoc' },
  { identity: { p12: 'a.p12', passwordEnv: 'P' }, timestamp: false },
  { identity: { p12Env: 'A' }, timestamp: ['http://a', 'http://b'] },
  { identity: { certificate: 'a.pem', key: 'b.pem' }, fallbackIdentity: 'adhoc', compat: 'macos-12' },
  {
    sign: {
      flags: ['library'],
      hardenedRuntime: false,
      runtimeVersion: '14.0',
      paths: { '**/x': { identifier: 'y' } },
    },
  },
  { helper: { sources: ['a.c'], embed: ['go', 'rust'], minimumVersions: { arm64: '11.0' } }, verify: {} },
];

const BAD: [unknown, string][] = [
  [{ identty: 'adhoc' }, '"identty" is not a setting'],
  [{ sign: { identity: 'adhoc' } }, '"sign.identity" is not a setting'],
  [{ sign: { paths: { 'a/*': { flag: [] } } } }, '"sign.paths.a/*.flag" is not a setting'],
  [{ sign: { flags: 'library' } }, '"sign.flags" must be a list'],
  [{ sign: { flags: [1] } }, '"sign.flags.0" must be a text'],
  [
    { sign: { runtimeVersion: 'new' } },
    '"sign.runtimeVersion" is "new", which does not match ^\\d+(\\.\\d+){0,2}$',
  ],
  [{ fallbackIdentity: 'self-signed' }, '"fallbackIdentity" must be one of "adhoc"'],
  [{ helper: { sources: [] } }, '"helper.sources" must have at least 1 items'],
  [{ helper: { embed: ['perl'] } }, '"helper.embed.0" must be one of "rust", "typescript", "go", "c"'],
  [{ timestamp: 1 }, '"timestamp" must be true or false, or a text, or a list'],
  [{ identity: { p12: 'a.p12', password: 'x' } }, '"identity.password" is not a setting'],
  [
    { identity: null },
    '"identity" must be a text, or an object with p12, or an object with p12Env, or an object with certificate, or an object with certificateEnv',
  ],
  [
    { identity: { key: 'a.pem' } },
    '"identity" must be a text, or an object with p12, or an object with p12Env, or an object with certificate, or an object with certificateEnv',
  ],
  [[], 'the whole file must be an object'],
  [null, 'the whole file must be an object'],
];

describe('findSchemaErrors', () => {
  it.each(GOOD.map((value) => [JSON.stringify(value), value]))('accepts %s', (_, value) => {
    expect(messages(value)).toEqual([]);
  });

  it.each(BAD.map(([value, message]) => [JSON.stringify(value), value, message]))(
    'refuses %s',
    (_, value, message) => {
      expect(messages(value)).toEqual([message]);
    },
  );

  it('names the known settings beside an unknown one', () => {
    expect(findSchemaErrors({ verify: { requirment: '' } }, schema)[0]?.hint).toBe(
      'the settings here are requirement',
    );
  });

  it('does not take an inherited property for a setting', () => {
    expect(messages(JSON.parse('{"__proto__": {}, "toString": 1}'))).toEqual([
      '"__proto__" is not a setting',
      '"toString" is not a setting',
    ]);
  });

  it('judges as ajv does', () => {
    const isValid = new Ajv().compile(schema);
    expect(GOOD.filter((value) => !isValid(value))).toEqual([]);
    expect(BAD.filter(([value]) => isValid(value))).toEqual([]);
  });
});
