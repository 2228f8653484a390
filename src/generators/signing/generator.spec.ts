import {
  addProjectConfiguration,
  readJson,
  type TargetConfiguration,
  type Tree,
  updateJson,
} from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSchemaErrors, type JsonSchema } from '../../nx/json-schema.js';
import signingGenerator from './generator.js';
import type { SigningGeneratorOptions } from './options.js';

let tree: Tree;

beforeEach(() => {
  jest.spyOn(console, 'info').mockImplementation();
  jest.spyOn(console, 'log').mockImplementation();
  jest.spyOn(console, 'warn').mockImplementation();
  tree = createTreeWithEmptyWorkspace({ formatter: 'none' });
  tree.write('.gitignore', 'node_modules');
  addProjectConfiguration(tree, 'daemon', {
    root: 'apps/daemon',
    targets: { build: { command: 'make', outputs: ['{projectRoot}/dist'] } },
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const generate = (options: Partial<SigningGeneratorOptions> = {}) =>
  signingGenerator(tree, { project: 'daemon', skipFormat: true, ...options });
const targets = () =>
  readJson<{ targets: Record<string, TargetConfiguration> }>(tree, 'apps/daemon/project.json').targets;

/** Everything in the tree, by path. */
function contents(folder = '.'): Record<string, string> {
  return Object.assign(
    {},
    ...tree.children(folder).map((name) => {
      const path = folder === '.' ? name : `${folder}/${name}`;
      return tree.isFile(path) ? { [path]: tree.read(path, 'utf-8') } : contents(path);
    }),
  ) as Record<string, string>;
}

describe('nx g nx-codesign:signing', () => {
  it('writes settings that the schema accepts, with the way to the schema', async () => {
    await generate({ identifier: 'com.acme.daemon', embed: ['go'] });
    const config = readJson<{ $schema: string }>(tree, 'apps/daemon/signing.config.json');
    const schema = JSON.parse(
      readFileSync(join(__dirname, '../../../signing.config.schema.json'), 'utf8'),
    ) as JsonSchema;
    expect(findSchemaErrors(config, schema)).toEqual([]);
    expect(config).toMatchObject({
      $schema: '../../node_modules/nx-codesign/signing.config.schema.json',
      sign: { identifier: 'com.acme.daemon', entitlements: 'daemon.entitlements' },
      helper: { name: 'DaemonHelper', bundleIdentifier: 'com.acme.daemon.helper', embed: ['go'] },
    });
  });

  it('writes every file that the settings name', async () => {
    await generate();
    const { sign, helper } = readJson<Record<'sign' | 'helper', Record<string, string | string[]>>>(
      tree,
      'apps/daemon/signing.config.json',
    );
    const named = [sign.entitlements, helper.sources, helper.infoPlist, helper.entitlements].flat();
    expect(named.filter((path) => !tree.exists(`apps/daemon/${path!}`))).toEqual([]);
  });

  it('adds targets that sign what the build leaves, into folders of their own', async () => {
    await generate();
    const { sign, verify, 'build-helper': helper } = targets();
    expect(sign).toMatchObject({
      executor: 'nx-codesign:sign',
      dependsOn: ['build'],
      outputs: ['{options.outputPath}'],
      options: { path: '{projectRoot}/dist/daemon', outputPath: '{projectRoot}/dist-signed' },
    });
    expect(sign?.inputs).toContainEqual({ dependentTasksOutputFiles: '**/*' });
    expect(sign?.inputs?.filter((input) => typeof input === 'string' && input.includes('dist'))).toEqual([]);
    expect(helper).toMatchObject({
      outputs: ['{options.outputPath}'],
      options: { outputPath: '{projectRoot}/dist-helper' },
    });
    expect(verify).toMatchObject({
      cache: false,
      dependsOn: ['sign', 'build-helper'],
      options: { path: ['{projectRoot}/dist-signed/daemon', '{projectRoot}/dist-helper/DaemonHelper.app'] },
    });
  });

  it.each([
    ['adhoc', true],
    ['self-signed', false],
    ['certificate', false],
  ] as const)('lets Nx cache a signature by %s: %s', async (identity, cache) => {
    await generate({ identity });
    expect(targets().sign?.cache).toBe(cache);
    expect(targets()['build-helper']?.cache).toBe(cache);
  });

  it('lets only development fall back to an ad-hoc signature', async () => {
    await generate({ identity: 'certificate' });
    const { defaultConfiguration, configurations } = targets().sign!;
    const certificate = { p12Env: 'APPLE_CERTIFICATE', passwordEnv: 'APPLE_CERTIFICATE_PASSWORD' };
    expect(defaultConfiguration).toBe('development');
    expect(configurations).toEqual({
      development: { identity: certificate, fallbackIdentity: 'adhoc' },
      production: { identity: certificate },
    });
  });

  it('hashes no secret: inputs name no password, key or PKCS#12 variable', async () => {
    await generate({ identity: 'certificate' });
    const variables = (targets().sign?.inputs ?? []).flatMap((input) =>
      typeof input === 'object' && 'env' in input ? [input.env] : [],
    );
    expect(variables).toEqual([
      'NX_CODESIGN_IDENTITY',
      'NX_CODESIGN_TIMESTAMP',
      'NX_CODESIGN_CERTIFICATE_SHA256',
    ]);
  });

  it('keeps secrets and signed output out of git', async () => {
    await generate();
    const rows = tree.read('.gitignore', 'utf-8')!.split('\n');
    expect(rows).toEqual(
      expect.arrayContaining(['node_modules', '*.p12', '*.p8', '.env.*.local', '/apps/daemon/dist-signed/']),
    );
  });

  it('changes nothing when it runs again', async () => {
    await generate();
    const before = contents();
    await generate();
    await generate({ identity: 'adhoc', identifier: 'com.other.name' });
    expect(contents()).toEqual(before);
  });

  it('keeps what was edited by hand, and adds what was taken away', async () => {
    await generate();
    tree.write('apps/daemon/helper/helper.c', '/* mine */');
    updateJson(tree, 'apps/daemon/project.json', (json: { targets: Record<string, unknown> }) => {
      json.targets.sign = { executor: 'mine:sign' };
      delete json.targets.verify;
      return json;
    });
    await generate();
    expect(tree.read('apps/daemon/helper/helper.c', 'utf-8')).toBe('/* mine */');
    expect(targets().sign).toEqual({ executor: 'mine:sign' });
    expect(targets().verify).toMatchObject({ executor: 'nx-codesign:verify' });
    expect(targets().build).toMatchObject({ command: 'make' });
  });

  it('adds no helper where none is wanted', async () => {
    await generate({ helper: false });
    expect(tree.exists('apps/daemon/helper')).toBe(false);
    expect(Object.keys(targets())).toEqual(['build', 'sign', 'verify']);
    expect(targets().verify).toMatchObject({
      dependsOn: ['sign'],
      options: { path: ['{projectRoot}/dist-signed/daemon'] },
    });
  });

  it('configures a project that has a package.json only', async () => {
    updateJson(tree, 'package.json', (json: object) => ({ ...json, workspaces: ['libs/*'] }));
    tree.write('libs/tool/package.json', '{"name": "tool", "version": "1.0.0", "scripts": {"build": "x"}}');
    await generate({ project: 'tool', helper: false });
    const manifest = readJson<{ nx: { targets: object }; scripts: object }>(tree, 'libs/tool/package.json');
    expect(Object.keys(manifest.nx.targets)).toEqual(['sign', 'verify']);
    expect(manifest.scripts).toEqual({ build: 'x' });
    expect(tree.exists('libs/tool/project.json')).toBe(false);
  });

  it('writes nothing before it has refused a bad value', async () => {
    const before = contents();
    await expect(generate({ helperName: '"; system("id' })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(contents()).toEqual(before);
  });
});
