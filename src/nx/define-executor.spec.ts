import type { ExecutorContext } from '@nx/devkit';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningError } from '../engine/system/error.js';
import { defineExecutor, type CommonOptions, type Run } from './define-executor.js';

interface Options extends CommonOptions {
  path?: string;
  identity?: string;
}

let root: string;
let stdout: string;
let stderr: string;
const environment = { ...process.env };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nx-codesign-executor-'));
  process.env.NX_CODESIGN_HOME = join(root, 'home');
  stdout = stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
  rmSync(root, { recursive: true });
});

function run(
  work: (run: Run<Options>) => Promise<{ success: boolean; message: string }>,
  options: Options = {},
) {
  const context = {
    root,
    isVerbose: false,
    projectName: 'daemon',
    projectsConfigurations: { version: 2, projects: { daemon: { root: 'apps/daemon' } } },
  } as unknown as ExecutorContext;
  return defineExecutor<Options>(work, 'sign')(options, context);
}

const good = { success: true, message: 'signed it' };

describe('defineExecutor', () => {
  it('ends with what exists now', async () => {
    const result = await run(async ({ surroundings }) => {
      surroundings.reporter.step('sealing');
      return good;
    });
    expect(result).toEqual({ success: true });
    expect(stdout).toBe('  sealing\n✔ signed it\n');
    expect(stderr).toBe('');
  });

  it('says on stderr what is wrong when the verb finds something', async () => {
    expect(await run(async () => ({ success: false, message: 'not valid: daemon' }))).toEqual({
      success: false,
    });
    expect(stderr).toBe('✖ not valid: daemon\n');
  });

  it('shows message, code and hint of an expected failure', async () => {
    const result = await run(async () => {
      throw new SigningError('NO_IDENTITY', 'no identity was found', { hint: 'set NX_CODESIGN_IDENTITY' });
    });
    expect(result).toEqual({ success: false });
    expect(stderr).toBe('✖ no identity was found [NO_IDENTITY]\n  → set NX_CODESIGN_IDENTITY\n');
    expect(stdout).toBe('');
  });

  it('keeps the lines of a message apart, and none of them a command of the CI system', async () => {
    await run(async () => {
      throw new SigningError('COMPILE_FAILED', 'x.c:1: error\n::set-env name=A::b', {
        hint: 'choose\n  a\n  b',
      });
    });
    expect(stderr).toBe(
      '✖ x.c:1: error\n  │ ::set-env name=A::b [COMPILE_FAILED]\n  → choose\n  │   a\n  │   b\n',
    );
  });

  it('lets a bug fly', async () => {
    const bug = new TypeError('undefined is not a function');
    await expect(
      run(async () => {
        throw bug;
      }),
    ).rejects.toBe(bug);
  });

  it('hands over complete options and where they come from', async () => {
    writeFileSync(join(root, 'signing.config.json'), '{"identity": "adhoc"}');
    await run(
      async ({ options, origins, shown }) => {
        expect(options).toEqual({ path: join(root, 'dist/daemon'), identity: 'adhoc' });
        expect(origins).toEqual({ path: 'the options of the target', identity: 'signing.config.json' });
        expect(shown(options.path!)).toBe(join('dist', 'daemon'));
        expect(shown('/elsewhere/x')).toBe('/elsewhere/x');
        return good;
      },
      { path: 'dist/daemon' },
    );
    expect(stderr).toBe('');
  });

  it('reports a broken settings file as an expected failure', async () => {
    writeFileSync(join(root, 'signing.config.json'), '{"identty": "adhoc"}');
    expect(await run(async () => good)).toEqual({ success: false });
    expect(stderr).toContain('"identty" is not a setting [INVALID_OPTION]\n  → the settings here are');
  });

  it.each([
    [{ dryRun: true }, undefined, true],
    [{}, 'true', true],
    [{}, undefined, false],
  ])(
    'takes dryRun from the options or from nx release (%j, NX_DRY_RUN=%s)',
    async (options, variable, expected) => {
      if (variable) process.env.NX_DRY_RUN = variable;
      let isDry: boolean | undefined;
      await run(async ({ dryRun }) => {
        isDry = dryRun;
        return good;
      }, options);
      expect(isDry).toBe(expected);
    },
  );

  it('shows details under --verbose', async () => {
    process.env.NX_VERBOSE_LOGGING = 'true';
    await run(async ({ surroundings }) => {
      surroundings.reporter.detail('slot -5');
      return good;
    });
    expect(stdout).toContain('    slot -5\n');
  });
});
