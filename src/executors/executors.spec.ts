import type { ExecutorContext } from '@nx/devkit';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minimalMachO } from '../../test/fixtures/minimal-macho.js';
import buildHelper from './build-helper/executor.js';
import inspect from './inspect/executor.js';
import removeSignature from './remove-signature/executor.js';
import sign from './sign/executor.js';
import verify from './verify/executor.js';

let root: string;
let stdout: string;
let stderr: string;
const environment = { ...process.env };

const at = (...path: string[]) => join(root, ...path);
const readJson = (path: string): unknown => JSON.parse(readFileSync(at(path), 'utf8'));
const context = () =>
  ({
    root,
    isVerbose: false,
    projectName: 'x',
    projectsConfigurations: { projects: {} },
  }) as unknown as ExecutorContext;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nx-codesign-executors-'));
  writeFileSync(at('tool'), minimalMachO(), { mode: 0o755 });
  process.env = { PATH: environment.PATH, NX_CODESIGN_HOME: at('home') };
  stdout = stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = environment;
  rmSync(root, { recursive: true });
});

const signed = () => sign({ path: 'tool', outputPath: 'signed', identity: 'adhoc' }, context());

describe('the executor sign', () => {
  it('puts the signed copy and its receipt into outputPath, and says so', async () => {
    expect(await signed()).toEqual({ success: true });
    expect(stdout).toMatch(/✔ signed signed.tool \(arm64, ad-hoc\)\n$/);
    expect(readFileSync(at('tool'))).toEqual(Buffer.from(minimalMachO()));
    expect(readJson('signed/tool.receipt.json')).toMatchObject({
      path: 'tool',
      outputPath: join('signed', 'tool'),
      identity: { kind: 'adhoc' },
      files: [
        { path: '.', identifier: expect.stringMatching(/^tool/u) as unknown, slices: [{ arch: 'arm64' }] },
      ],
      settings: { identity: 'the options of the target' },
    });
  });

  it('gives the same bytes and the same receipt again', async () => {
    await signed();
    const first = [readFileSync(at('signed/tool')), readJson('signed/tool.receipt.json')];
    await signed();
    expect([readFileSync(at('signed/tool')), readJson('signed/tool.receipt.json')]).toEqual(first);
  });

  it('writes the receipt where it is told to', async () => {
    await sign({ path: 'tool', inPlace: true, identity: 'adhoc', receipt: 'receipts/tool.json' }, context());
    expect(readJson('receipts/tool.json')).toMatchObject({ outputPath: 'tool' });
  });

  it('plans and changes nothing in a dry run', async () => {
    const options = { path: 'tool', outputPath: 'signed', identity: 'adhoc', dryRun: true };
    expect(await sign(options, context())).toEqual({ success: true });
    expect(stdout).toMatch(/✔ would sign signed.tool\n$/);
    expect(existsSync(at('signed'))).toBe(false);
  });

  it('fails without an identity, unless a fallback is named', async () => {
    const options = { path: 'tool', outputPath: 'signed' };
    expect(await sign(options, context())).toEqual({ success: false });
    expect(stderr).toMatch(
      /^✖ no signing identity was found \[NO_IDENTITY\]\n {2}→ set the option identity/u,
    );
    expect(existsSync(at('signed'))).toBe(false);
    expect(await sign({ ...options, fallbackIdentity: 'adhoc' }, context())).toEqual({ success: true });
    expect(stdout).toContain('! no signing identity was found: signing ad-hoc, as fallbackIdentity allows\n');
  });

  it('refuses a signing time that is none', async () => {
    expect(
      await sign({ path: 'tool', outputPath: 'signed', identity: 'adhoc', signingTime: 'soon' }, context()),
    ).toEqual({
      success: false,
    });
    expect(stderr).toContain('[INVALID_OPTION]');
  });
});

describe('the executor verify', () => {
  it('succeeds where everything is valid, and can write what it found', async () => {
    await signed();
    expect(await verify({ path: ['signed/tool'], outputFile: 'found.json' }, context())).toEqual({
      success: true,
    });
    expect(stdout).toMatch(/✔ valid: signed.tool\n$/);
    expect(readJson('found.json')).toMatchObject([{ path: join('signed', 'tool'), ok: true }]);
  });

  it('fails when one of several is not, and says which', async () => {
    await signed();
    expect(await verify({ path: ['signed/tool', 'tool'] }, context())).toEqual({ success: false });
    expect(stdout).toContain('error: tool (arm64): code object is not signed at all [NOT_SIGNED]');
    expect(stderr).toBe('✖ not valid: tool\n');
  });

  it('prints JSON when asked', async () => {
    await signed();
    await verify({ path: 'signed/tool', format: 'json' }, context());
    expect(stdout).toContain('"ok": true');
  });

  it('fails when a requirement is not met', async () => {
    await signed();
    expect(await verify({ path: 'signed/tool', requirement: 'anchor apple' }, context())).toEqual({
      success: false,
    });
  });
});

describe('the executor inspect', () => {
  it('shows what the signature says', async () => {
    await signed();
    expect(await inspect({ path: 'signed/tool', outputFile: 'seen.json' }, context())).toEqual({
      success: true,
    });
    expect(stdout).toMatch(/ {2}arm64\n {4}identifier +tool/u);
    expect(readJson('seen.json')).toMatchObject({ format: 'macho', slices: [{ arch: 'arm64' }] });
  });

  it('shows that there is none', async () => {
    await inspect({ path: 'tool' }, context());
    expect(stdout).toContain('  arm64: not signed\n');
  });
});

describe('the executor remove-signature', () => {
  it('writes a copy without its signature', async () => {
    await signed();
    expect(await removeSignature({ path: 'signed/tool', outputPath: 'bare' }, context())).toEqual({
      success: true,
    });
    await inspect({ path: 'bare/tool' }, context());
    expect(stdout).toContain('arm64: not signed');
  });
});

describe('the executor build-helper', () => {
  const options = { outputPath: 'helper', prebuilt: 'tool', identity: 'adhoc' };

  it('asks for a name, which signing.config.json may give', async () => {
    expect(await buildHelper(options, context())).toEqual({ success: false });
    expect(stderr).toContain(
      '✖ the setting name is missing [INVALID_OPTION]\n  → set helper.name in signing.config.json',
    );
  });

  it('says what it would build in a dry run', async () => {
    const config = { helper: { name: 'Helper', bundleIdentifier: 'com.example.helper' } };
    writeFileSync(at('signing.config.json'), JSON.stringify(config));
    const result = await buildHelper({ ...options, dryRun: true }, context());
    expect({ ...result, stderr }).toEqual({ success: true, stderr: '' });
    expect(stdout).toMatch(/✔ would build helper.Helper\.app\.zip\n$/);
    expect(existsSync(at('helper'))).toBe(false);
  });
});
