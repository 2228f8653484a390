/** What a project is given: templates whose only variable parts are names, which the generator checks and escapes. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithOracle } from '../oracles/oracle.js';
import { run, STRICT } from './compilers.js';
import { SOURCE } from './lab.js';

const TEMPLATES = join(__dirname, '../../helper-template');
const NAMES: Readonly<Record<string, string>> = {
  name: 'AcmeHelper',
  helperIdentifier: 'com.acme.daemon.helper',
  identifier: 'com.acme.daemon',
  teamId: '9ABCDE1234',
  parent: 'acmed,acme-beta',
  parentIdentifier: 'com.acme.daemon',
  daemon: 'acmed',
};

const text = (name: string) => readFileSync(join(TEMPLATES, name), 'utf8');
const fill = (name: string) =>
  text(name).replace(/<%= (\w+) %>/g, (_, token: string) => NAMES[token] ?? `no ${token}`);

const DEVELOPER_ID = [
  'anchor apple generic',
  'certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */',
  'certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */',
  'certificate leaf[subject.OU] = "9ABCDE1234"',
].join(' and ');

it('asks for no other names than these, and for each of them', () => {
  const files = readdirSync(TEMPLATES).filter((name) => name.endsWith('.template'));
  const asked = files.flatMap((name) =>
    [...text(name).matchAll(/<%(.*?)%>/gs)].map(([, token]) => token!.trim()),
  );
  expect(new Set(asked.map((token) => token.replace(/^= /, '')))).toEqual(new Set(Object.keys(NAMES)));
});

it('puts no name into a comment, which it might end', () => {
  const comments = readdirSync(TEMPLATES).flatMap(
    (name) => text(name).match(/<!--.*?-->|\/\* .*? \*\//gs) ?? [],
  );
  expect(comments.filter((comment) => comment.includes('<%'))).toEqual([]);
});

describe('helper-config.h', () => {
  const neutral = text('helper-config.h');
  const values = (source: string): Record<string, string> => {
    const defined = [...source.matchAll(/^#define (HELPER_\w+) (.*)$/gm)];
    return Object.fromEntries(defined.map(([, name, value]) => [name!, value!]));
  };

  it('differs from the neutral values in names alone', () => {
    const named = {
      HELPER_NAME: '"AcmeHelper"',
      HELPER_PARENT: '"acmed,acme-beta"',
      HELPER_TMP_PREFIX: '"AcmeHelper_"',
    };
    expect(values(fill('helper-config.h.template'))).toEqual({ ...values(neutral), ...named });
  });
});

describeWithOracle('gcc', 'a project’s helper', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'templates-'));
    copyFileSync(SOURCE, join(folder, 'helper.c'));
    writeFileSync(join(folder, 'helper-config.h'), fill('helper-config.h.template'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('is built with its names, and without options', () => {
    const program = join(folder, 'helper');
    expect(run('gcc', [...STRICT, '-O2', join(folder, 'helper.c'), '-o', program])).toBe('');
    expect(spawnSync(program, { encoding: 'utf8' }).stderr).toBe(
      'AcmeHelper: usage: AcmeHelper <script | ->\n',
    );
  });

  it('has its names checked on macOS', () => {
    const flags = ['-E', '-dM', '-D__APPLE__', join(folder, 'helper-config.h')];
    const macros = spawnSync('gcc', flags, { encoding: 'utf8' }).stdout;
    expect(macros).toContain('#define HELPER_TEAM_ID "9ABCDE1234"\n');
    expect(macros).toContain('#define HELPER_PARENT_ID "com.acme.daemon"\n');
  });
});

describeWithOracle('python3', 'the property lists', () => {
  const parse = (name: string) => {
    const program = 'import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
    return JSON.parse(
      spawnSync('python3', ['-c', program], { input: fill(name), encoding: 'utf8' }).stdout,
    ) as unknown;
  };

  it('describe a bundle without an icon, for the systems that the helper is built for', () => {
    expect(parse('Info.plist.template')).toMatchObject({
      CFBundleExecutable: 'AcmeHelper',
      CFBundleIdentifier: 'com.acme.daemon.helper',
      CFBundlePackageType: 'APPL',
      LSMinimumSystemVersion: '10.15',
      LSMinimumSystemVersionByArchitecture: { arm64: '11.0', x86_64: '10.15' },
      LSUIElement: true,
    });
  });

  it('let the daemon of one team call, and no other program that Apple knows', () => {
    const clients = [`identifier "com.acme.daemon" and ${DEVELOPER_ID}`];
    expect(parse('Info.plist.template')).toMatchObject({ SMAuthorizedClients: clients });
  });

  it('leave to the app what the app must say', () => {
    expect(parse('Info.plist.template')).not.toHaveProperty('SMPrivilegedExecutables');
    expect(parse('SMPrivilegedExecutables.plist.template')).toEqual({
      SMPrivilegedExecutables: {
        'com.acme.daemon.helper': `identifier "com.acme.daemon.helper" and ${DEVELOPER_ID}`,
      },
    });
  });

  it('have launchd start the daemon, not the helper', () => {
    expect(parse('launchd.plist.template')).toEqual({
      Label: 'com.acme.daemon',
      BundleProgram: 'Contents/MacOS/acmed',
      MachServices: { 'com.acme.daemon': true },
    });
  });

  it('claim no entitlement', () => {
    expect(parse('helper.entitlements')).toEqual({});
  });
});
