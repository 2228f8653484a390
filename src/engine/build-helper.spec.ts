import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledEngine } from '../../test/compiled-engine.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { buildHelper, type BuildHelperOptions } from './build-helper.js';
import { verify } from './verify.js';

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const canCompile = has('clang-19') && has('ld64.lld-19');

const root = realpathSync(mkdtempSync(join(tmpdir(), 'build-helper-')));
afterAll(() => {
  rmSync(root, { recursive: true });
});

let made = 0;
function project(source = 'int main(void) { return 0; }\n'): string {
  const folder = join(root, String(made++));
  mkdirSync(folder);
  writeFileSync(join(folder, 'helper.c'), source);
  return folder;
}

const optionsFor = (folder: string): BuildHelperOptions => ({
  name: 'ToolHelper',
  bundleIdentifier: 'com.example.tool.helper',
  sources: ['helper.c'],
  compiler: 'clang-19',
  outputPath: join(folder, 'dist'),
  identity: 'adhoc',
  embed: ['rust', 'typescript', 'go', 'c'],
});
const buildIn = (folder: string, change: Partial<BuildHelperOptions> = {}) =>
  buildHelper({ ...optionsFor(folder), ...change }, { cwd: folder, env: { PATH: process.env.PATH } });

/** Every file below a folder with the hash of its content. */
function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.sort().map((name) => [name, sha256(join(folder, name))]));
}
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

const OUTPUTS = [
  'ToolHelper.app/Contents/Info.plist',
  'ToolHelper.app/Contents/MacOS/ToolHelper',
  'ToolHelper.app/Contents/_CodeSignature/CodeResources',
  'ToolHelper.app.zip',
  'ToolHelper.app.zip.sha256',
  'app-zip-data.ts',
  'app_zip_data.c',
  'app_zip_data.go',
  'app_zip_data.h',
  'app_zip_data.rs',
  'helper.env',
].sort();

describeWhen(canCompile, 'clang-19 and ld64.lld-19 are not installed', 'when a helper is built', () => {
  it('everything is there: bundle, archive, checksum and modules, and nothing else', async () => {
    const folder = project();
    const receipt = await buildIn(folder);
    expect(Object.keys(snapshot(join(folder, 'dist')))).toEqual(OUTPUTS);
    expect(receipt).toMatchObject({
      bundle: join(folder, 'dist/ToolHelper.app'),
      zip: {
        path: join(folder, 'dist/ToolHelper.app.zip'),
        sha256: sha256(join(folder, 'dist/ToolHelper.app.zip')),
      },
      minimumVersions: { x86_64: '10.15', arm64: '11.0' },
      dryRun: false,
    });
    expect(JSON.stringify(receipt)).not.toContain('.nx-codesign-');
  }, 60_000);

  it('the bundle verifies, and carries the hardened runtime in both slices', async () => {
    const folder = project();
    const { bundle, signature } = await buildIn(folder);
    await expect(verify({ path: bundle })).resolves.toMatchObject({ ok: true });
    expect(signature.files[0]?.identifier).toBe('com.example.tool.helper');
    expect(signature.files[0]?.slices.map(({ arch }) => arch).sort()).toEqual(['arm64', 'x86_64']);
  }, 60_000);

  it('sha256sum and unzip accept what stands there', async () => {
    const folder = project();
    await buildIn(folder);
    const dist = join(folder, 'dist');
    expect(
      spawnSync('sha256sum', ['-c', '--strict', 'ToolHelper.app.zip.sha256'], { cwd: dist }).status,
    ).toBe(0);
    spawnSync('unzip', ['-q', 'ToolHelper.app.zip', '-d', join(folder, 'unpacked')], { cwd: dist });
    const diff = spawnSync('diff', [
      '-r',
      join(dist, 'ToolHelper.app'),
      join(folder, 'unpacked/ToolHelper.app'),
    ]);
    expect(diff.status).toBe(0);
  }, 60_000);

  it('the same input gives the same bytes, from another folder and over an earlier output', async () => {
    const [one, two] = [project(), project()];
    await buildIn(one);
    await buildIn(two);
    await buildIn(two);
    expect(snapshot(join(two, 'dist'))).toEqual(snapshot(join(one, 'dist')));
  }, 60_000);

  it('the environment file has the three variables, relative or absolute', async () => {
    const folder = project();
    const { zip, environment } = await buildIn(folder);
    expect(environment.variables).toEqual({
      HELPER_ZIP_PATH: 'ToolHelper.app.zip',
      HELPER_ZIP_INCLUDE_FILE: 'app_zip_data.rs',
      MACOS_HELPER_ZIP_HASH: zip.sha256,
    });
    const absolute = await buildIn(folder, { embedAbsolutePaths: true });
    expect(absolute.environment.variables.HELPER_ZIP_PATH).toBe(zip.path);
    expect(readFileSync(join(folder, 'dist/app_zip_data.rs'), 'utf8')).toContain(
      `include_bytes!("${zip.path}")`,
    );
  }, 60_000);

  it('takes a prebuilt program, with the minimum versions that it has', async () => {
    const folder = project();
    const minimumVersions = { x86_64: '12.0', arm64: '12.3' };
    const { bundle } = await buildIn(folder, { minimumVersions });
    const prebuilt = join(bundle, 'Contents/MacOS/ToolHelper');
    const options = { ...optionsFor(folder), sources: [] };
    const again = await buildHelper({ ...options, prebuilt, outputPath: join(folder, 'again') });
    expect(again).toMatchObject({ compiler: null, minimumVersions });
    await expect(
      buildHelper({ ...options, prebuilt, minimumVersions: { arm64: '11.0' } }),
    ).rejects.toMatchObject({
      code: 'INVALID_HELPER',
    });
  }, 60_000);

  it('says in a dry run what it would write, and writes nothing', async () => {
    const folder = project();
    const receipt = await buildIn(folder, { dryRun: true });
    expect(receipt).toMatchObject({
      dryRun: true,
      zip: { sha256: null },
      signature: { identity: { kind: 'adhoc' }, dryRun: true },
    });
    const { bundle, zip, modules, environment } = receipt;
    expect([bundle, zip.path, zip.checksum, ...modules, environment.path]).toHaveLength(9);
    expect(readdirSync(folder)).toEqual(['helper.c']);
  }, 60_000);
});

describeWhen(canCompile, 'clang-19 and ld64.lld-19 are not installed', 'when a build fails', () => {
  const failures: readonly [string, Partial<BuildHelperOptions>, string][] = [
    ['at an option', { name: '../x' }, 'INVALID_OPTION'],
    ['at a source', { sources: ['absent.c'] }, 'NOT_FOUND'],
    ['at the compiler', { defines: { main: 'syntax error' } }, 'COMPILE_FAILED'],
    ['at the Info.plist', { infoPlist: 'helper.c' }, 'INVALID_PLIST'],
    ['at the identity', { identity: 'absent.p12' }, 'NOT_FOUND'],
    ['at the entitlements', { entitlements: 'absent.plist' }, 'NOT_FOUND'],
  ];

  it.each(failures)(
    '%s, the earlier output stands as it was',
    async (_, change, code) => {
      const folder = project();
      await buildIn(folder);
      const before = snapshot(folder);
      await expect(buildIn(folder, change)).rejects.toMatchObject({ code });
      expect(snapshot(folder)).toEqual(before);
    },
    60_000,
  );

  it('and nothing was there before, nothing is there after', async () => {
    const folder = project('not C');
    await expect(buildIn(folder)).rejects.toMatchObject({ code: 'COMPILE_FAILED' });
    expect(readdirSync(folder)).toEqual(['helper.c']);
  }, 60_000);
});

describeWhen(canCompile, 'clang-19 and ld64.lld-19 are not installed', 'when the process is stopped', () => {
  let engine: string;
  let driver: string;
  beforeAll(() => {
    engine = compiledEngine();
    driver = join(engine, 'driver.js');
    // Says each step, so that the test knows how far it is.
    writeFileSync(
      driver,
      `import { buildHelper } from './dist/engine/build-helper.js';
       const say = (text) => process.stdout.write(text + '\\n');
       const reporter = { step: say, warn: say, detail: say, progress() {} };
       await buildHelper(JSON.parse(process.argv[2]), { cwd: process.argv[3], reporter });
       say('done');`,
    );
  });
  afterAll(() => {
    rmSync(engine, { recursive: true });
  });

  /** Runs a build in its own process and sends it a signal when it says `word`; resolves to how it ended. */
  async function stopAt(folder: string, word: string, signal: NodeJS.Signals): Promise<string | null> {
    const options = JSON.stringify({ ...optionsFor(folder), version: '2.0.0' });
    const building = spawn(process.execPath, [driver, options, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    building.stdout.on('data', (said: Buffer) => {
      if (said.toString().includes(word)) building.kill(signal);
    });
    return new Promise((resolve) => {
      building.on('exit', (_, by) => {
        resolve(by);
      });
    });
  }

  const MOMENTS = ['for x86_64', 'ld64.lld', 'for arm64', 'signing', 'verifying', 'packing'];

  it.each(MOMENTS)(
    'by a signal at "%s", the earlier output is intact and nothing else is left',
    async (word) => {
      const folder = project();
      await buildIn(folder);
      const before = snapshot(folder);
      expect(await stopAt(folder, word, 'SIGTERM')).toBe('SIGTERM');
      expect(snapshot(folder)).toEqual(before);
    },
    60_000,
  );

  it.each(MOMENTS)(
    'by a kill at "%s", the earlier output is intact and the next build tidies up',
    async (word) => {
      const folder = project();
      await buildIn(folder);
      const before = snapshot(join(folder, 'dist'));
      expect(await stopAt(folder, word, 'SIGKILL')).toBe('SIGKILL');
      expect(snapshot(join(folder, 'dist'))).toMatchObject(before);
      await buildIn(folder, { version: '3.0.0' });
      expect(Object.keys(snapshot(join(folder, 'dist')))).toEqual(OUTPUTS);
      expect(existsSync(join(folder, 'dist/ToolHelper.app.arm64'))).toBe(false);
    },
    60_000,
  );
});
