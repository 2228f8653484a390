import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledEngine } from '../../test/compiled-engine.js';
import { labSurroundings } from '../../test/lab-surroundings.js';
import { APP, INFO, MAIN, nestedApp } from '../../test/macho/bundle-tree.js';
import { machOFile } from '../../test/macho/macho-file.js';
import { describeWhen } from '../../test/oracles/oracle.js';
import { refusal } from '../../test/refusal.js';
import { seededRandom } from '../../test/seeded-random.js';
import { temporaryFolders } from '../../test/temporary-folder.js';
import { plant, snapshot, type Tree } from '../../test/tree.js';
import { sign, type SignOptions } from './sign.js';
import { verify } from './verify.js';

const newFolder = temporaryFolders('sign-process');
const isRoot = process.getuid?.() === 0;

let engine: string;
let driver: string;
beforeAll(() => {
  engine = compiledEngine();
  chmodSync(engine, 0o755);
  driver = join(engine, 'driver.js');
  // Tells when it begins, and how it ends.
  writeFileSync(
    driver,
    `import { sign } from './dist/engine/sign.js';
     const [options, cwd] = process.argv.slice(2);
     process.stdout.write('begin\\n');
     try {
       await sign(JSON.parse(options), { cwd, env: {} });
       process.stdout.write('done\\n');
     } catch ({ code, message, hint }) {
       process.stdout.write(JSON.stringify({ code, message, hint }) + '\\n');
     }`,
  );
});
afterAll(() => {
  rmSync(engine, { recursive: true });
});

/** Enough files and code for signing to take a while. */
function largeApp(): Tree {
  const many = Array.from({ length: 150 }, (_, i) => [`${APP}/Contents/Resources/${i}`, 'x'.repeat(3000)]);
  const code = Array.from({ length: 12 }, (_, i) => [`${APP}/Contents/MacOS/tool${i}`, machOFile()]);
  return { ...nestedApp(), ...(Object.fromEntries([...many, ...code]) as Tree) };
}

const OPTIONS: SignOptions = { path: APP, outputPath: 'out/', identity: 'adhoc' };
const earlier: Tree = { [`out/${APP}/Contents/earlier`]: 'earlier', 'out/theirs': 'theirs' };

/** What may stand in the folder afterwards: as before, or, when the signal came too late, the whole result. */
async function allowedStates(): Promise<unknown[]> {
  const [before, after] = [newFolder(), newFolder()];
  for (const folder of [before, after]) plant(folder, { ...largeApp(), ...earlier });
  await sign(OPTIONS, labSurroundings(after));
  return [snapshot(before), snapshot(after)];
}

/** Signs in a process of its own, which gets the signal this many milliseconds after it has begun. */
function signAndStop(folder: string, signal: NodeJS.Signals, delay: number): Promise<string> {
  const signing = spawn(process.execPath, [driver, JSON.stringify(OPTIONS), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  signing.stdout.once('data', () => {
    setTimeout(() => signing.kill(signal), delay);
  });
  return new Promise((resolve) => {
    signing.on('exit', (code, by) => {
      resolve(by ?? `exit ${code}`);
    });
  });
}

const MOMENTS = process.env.SLOW === '1' ? 60 : 10;
const LONGEST = 220;

describe('when the process is stopped while it signs over an earlier output', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'by %s at any moment, nothing is lost',
    async (signal) => {
      const random = seededRandom(signal.length + 20260304);
      const allowed = await allowedStates();
      const ends: string[] = [];
      for (let i = 0; i < MOMENTS; i++) {
        const folder = newFolder();
        plant(folder, { ...largeApp(), ...earlier });
        const delay = random.below(LONGEST);
        ends.push(await signAndStop(folder, signal, delay));
        if (signal === 'SIGKILL') await signSomethingElse(folder);
        const left = snapshot(folder);
        expect({ delay, isAllowed: allowed.some((state) => same(state, left)), left: strange(left) }).toEqual(
          {
            delay,
            isAllowed: true,
            left: [],
          },
        );
        rmSync(folder, { recursive: true });
      }
      expect(ends.filter((end) => end === signal).length).toBeGreaterThan(MOMENTS / 3);
    },
    300_000,
  );
});

/** What a kill leaves is for the next run to clear up, whatever that run is about. */
async function signSomethingElse(folder: string): Promise<void> {
  writeFileSync(join(folder, 'tool'), machOFile());
  await sign({ ...OPTIONS, path: 'tool' }, labSurroundings(folder));
  rmSync(join(folder, 'out/tool'));
  rmSync(join(folder, 'tool'));
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const strange = (left: Record<string, string>) =>
  Object.keys(left).filter((name) => name.includes('.nx-codesign'));

/** Runs the driver as somebody without privileges, where we have some to give up. */
function signUnprivileged(folder: string, options: Partial<SignOptions>): string {
  const nobody = isRoot ? { uid: 65534, gid: 65534 } : {};
  const { stdout } = spawnSync(
    process.execPath,
    [driver, JSON.stringify({ ...OPTIONS, ...options }), folder],
    {
      encoding: 'utf8',
      ...nobody,
    },
  );
  return stdout.replace('begin\n', '').trim();
}

/** A folder that belongs to whom the driver runs as. */
function ownFolder(tree: Tree): string {
  const folder = newFolder();
  if (isRoot) chmodSync(join(folder, '..'), 0o755);
  plant(folder, tree);
  const give = (path: string) => {
    if (isRoot) chownSync(path, 65534, 65534);
  };
  give(folder);
  for (const name of Object.keys(snapshot(folder)).filter((each) => !each.includes('link')))
    give(join(folder, name));
  return folder;
}

function makeReadOnly(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeReadOnly(join(folder, entry.name));
    if (entry.isFile()) chmodSync(join(folder, entry.name), 0o444);
  }
  chmodSync(folder, 0o555);
}

describe('when the user has no privileges', () => {
  it('what anyone can sign is signed', () => {
    expect(signUnprivileged(ownFolder(largeApp()), {})).toBe('done');
  });

  it('read-only files and folders, as some build systems leave them, are signed all the same', async () => {
    const folder = ownFolder({ ...nestedApp(), tool: { data: machOFile(), mode: 0o555 } });
    makeReadOnly(join(folder, APP));
    expect(signUnprivileged(folder, {})).toBe('done');
    expect(signUnprivileged(folder, {})).toBe('done');
    expect(signUnprivileged(folder, { path: 'tool' })).toBe('done');
    await expect(verify({ path: join(folder, 'out', APP) })).resolves.toMatchObject({ ok: true });
    const signed = snapshot(join(folder, 'out'));
    expect([signed.tool, signed[MAIN], signed[INFO]].map((each) => each?.slice(0, 3))).toEqual([
      '555',
      '444',
      '444',
    ]);
    expect(strange(signed)).toEqual([]);
  });

  it.each([
    ['an output folder that cannot be written to', 'out', 0o555, {}],
    ['an output folder that cannot be made', '.', 0o555, { outputPath: 'new/folder/' }],
    ['an original that cannot be read', MAIN, 0o000, {}],
    ['a folder that cannot be read', `${APP}/Contents/Resources`, 0o000, {}],
    ['entitlements that cannot be read', 'rights.plist', 0o000, { entitlements: 'rights.plist' }],
  ])('%s is named, and nothing is lost', (_, path, mode, options) => {
    const folder = ownFolder({ ...nestedApp(), ...earlier, 'rights.plist': '<plist><dict/></plist>' });
    const before = snapshot(folder);
    const said = withMode(join(folder, path), mode, () => signUnprivileged(folder, options));
    const { code, message, hint } = JSON.parse(said) as { code: string; message: string; hint: string };
    expect({ code, hint }).toEqual({ code: 'PERMISSION_DENIED', hint: expect.any(String) as string });
    expect(message).toContain(folder);
    expect(message).not.toContain('.nx-codesign');
    expect(snapshot(folder)).toEqual(before);
  });
});

function withMode<T>(path: string, mode: number, work: () => T): T {
  chmodSync(path, mode);
  try {
    return work();
  } finally {
    chmodSync(path, path.endsWith('.plist') ? 0o644 : 0o755);
  }
}

/** A file system of 300 KB; undefined where we may not mount one. */
function smallDisk(): string | undefined {
  const folder = newFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=300k', 'small-disk', folder]);
  return status === 0 ? folder : undefined;
}

const unmount = (folder: string) => spawnSync('umount', ['-l', folder]);
const probe = isRoot ? smallDisk() : undefined;
if (probe !== undefined) unmount(probe);

describeWhen(probe !== undefined, 'no file system can be mounted here', 'when the disk is full', () => {
  let disk: string;
  beforeEach(() => {
    disk = smallDisk()!;
  });
  afterEach(() => {
    unmount(disk);
  });

  it.each([
    ['a program', { tool: machOFile({ codeSize: 400_000 }) }, 'tool'],
    ['a bundle', { ...nestedApp(), [`${APP}/Contents/Resources/big`]: 'x'.repeat(400_000) }, APP],
  ])('%s is not signed, the error says so, and the earlier output stands', async (_, tree, path) => {
    const folder = newFolder();
    plant(folder, tree);
    plant(disk, { tool: 'earlier', [`${APP}/earlier`]: 'earlier' });
    const before = snapshot(disk);
    const options = { path, outputPath: `${disk}/`, identity: 'adhoc' };
    const signing = sign(options, labSurroundings(folder));
    await expect(signing).rejects.toEqual(refusal('DISK_FULL', disk, 'free'));
    await expect(signing).rejects.not.toThrow('.nx-codesign');
    expect(snapshot(disk)).toEqual(before);
  });
});
