import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiledEngine } from '../../../test/compiled-engine.js';
import { systemClock } from '../system/clock.js';
import { silentReporter } from '../system/reporter.js';
import { hasSelfSignedIdentity, selfSignedIdentity } from './self-signed-store.js';

let home: string;
let folder: string;
const steps: string[] = [];
const warnings: string[] = [];
const reporter = {
  ...silentReporter,
  step: (text: string) => steps.push(text),
  warn: (text: string) => warnings.push(text),
};
const identity = () => selfSignedIdentity({ folder, clock: systemClock, reporter });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'self-signed-store-'));
  folder = join(home, 'config', 'self-signed');
  steps.length = 0;
  warnings.length = 0;
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('selfSignedIdentity', () => {
  it('makes one identity and gives the same ever after', async () => {
    expect(await hasSelfSignedIdentity(folder)).toBe(false);
    const made = await identity();
    expect(steps).toEqual([`made a self-signed identity for this user in ${folder}`]);
    const found = await identity();
    expect(found.certificate.sha256).toBe(made.certificate.sha256);
    expect(found.privateKey.equals(made.privateKey)).toBe(true);
    expect(steps).toHaveLength(1);
    expect(await hasSelfSignedIdentity(folder)).toBe(true);
  });

  it('lets nobody else read the key, whatever the umask', async () => {
    const umask = process.umask(0);
    await identity().finally(() => process.umask(umask));
    expect(modeOf(join(home, 'config'))).toBe(0o700);
    expect(modeOf(folder)).toBe(0o700);
    expect(modeOf(join(folder, 'key.pem'))).toBe(0o600);
    expect(warnings).toEqual([]);
  });

  it('warns when others can read the key', async () => {
    await identity();
    chmodSync(join(folder, 'key.pem'), 0o640);
    await identity();
    expect(warnings).toEqual([expect.stringMatching(/key\.pem can be read by other users .* chmod 600/)]);
  });

  it('removes abandoned drafts, but not those of processes that may still be at work', async () => {
    const drafts = ['old', 'new'].map((name) => `${folder}.new-${name}`);
    for (const draft of drafts) mkdirSync(draft, { recursive: true });
    utimesSync(drafts[0]!, new Date(0), new Date(0));
    await identity();
    expect(drafts.map(existsSync)).toEqual([false, true]);
  });

  describe('when the identity is damaged', () => {
    const damages: readonly (readonly [string, () => void])[] = [
      [
        'its key is missing',
        () => {
          rmSync(join(folder, 'key.pem'));
        },
      ],
      [
        'its certificate is missing',
        () => {
          rmSync(join(folder, 'certificate.pem'));
        },
      ],
      [
        'its key is empty',
        () => {
          writeFileSync(join(folder, 'key.pem'), '');
        },
      ],
      [
        'its certificate is empty',
        () => {
          writeFileSync(join(folder, 'certificate.pem'), '');
        },
      ],
      [
        'its certificate is cut',
        () => {
          cut(join(folder, 'certificate.pem'));
        },
      ],
      [
        'its key is cut',
        () => {
          cut(join(folder, 'key.pem'));
        },
      ],
      [
        'both are missing but something is there',
        () => {
          for (const name of readdirSync(folder)) rmSync(join(folder, name));
          writeFileSync(join(folder, 'notes.txt'), '');
        },
      ],
    ];
    const cut = (path: string) => {
      writeFileSync(path, readFileSync(path).subarray(0, 300));
    };

    it.each(damages)('is an error, and nothing is replaced, when %s', async (_, damage) => {
      await identity();
      damage();
      const before = contents();
      await expect(identity()).rejects.toMatchObject({
        code: 'INVALID_KEY',
        message: expect.stringContaining(folder) as string,
        hint: expect.stringContaining('permissions again') as string,
      });
      expect(contents()).toEqual(before);
    });

    it('is an error when key and certificate do not belong together', async () => {
      await identity();
      const key = readFileSync(join(folder, 'key.pem'));
      rmSync(folder, { recursive: true });
      await identity();
      writeFileSync(join(folder, 'key.pem'), key);
      await expect(identity()).rejects.toMatchObject({ code: 'INVALID_KEY' });
    });

    const contents = () =>
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')] as const);
  });

  it('names the folder when it cannot be made', async () => {
    writeFileSync(join(home, 'config'), 'a file in the way');
    await expect(identity()).rejects.toMatchObject({
      name: 'SigningError',
      message: expect.stringContaining(folder) as string,
    });
  });
});

describe('selfSignedIdentity in several processes', () => {
  let engine: string;

  beforeAll(() => {
    engine = compiledEngine();
  });

  afterAll(() => {
    rmSync(engine, { recursive: true, force: true });
  });

  const start = () => {
    const load = (path: string) => JSON.stringify(pathToFileURL(join(engine, 'dist/engine', path)).href);
    const script = `
      import { selfSignedIdentity } from ${load('identity/self-signed-store.js')};
      import { systemClock } from ${load('system/clock.js')};
      import { silentReporter } from ${load('system/reporter.js')};
      console.log('started');
      const made = await selfSignedIdentity({ folder: process.argv[1], clock: systemClock, reporter: silentReporter });
      console.log(made.certificate.sha256);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const ended = new Promise<string>((resolve) =>
      child.on('close', () => {
        resolve(output.split('\n')[1] ?? '');
      }),
    );
    const started = new Promise<void>((resolve) =>
      child.stdout.once('data', () => {
        resolve();
      }),
    );
    return { child, started, ended };
  };

  it('makes exactly one for eight at once', async () => {
    const hashes = await Promise.all(Array.from({ length: 8 }, () => start().ended));
    expect(new Set(hashes)).toEqual(new Set([(await identity()).certificate.sha256]));
    expect(readdirSync(join(home, 'config'))).toEqual(['self-signed']);
  });

  it('is whole or absent after a kill at any moment, and the next call finds or makes it', async () => {
    for (const delay of [0, 60, 150, 300]) {
      rmSync(folder, { recursive: true, force: true });
      const { child, started, ended } = start();
      await started;
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      const seen = await ended;
      const { certificate } = await identity();
      expect(['', certificate.sha256]).toContain(seen);
    }
  });
});
