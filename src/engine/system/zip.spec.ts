import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithOracle, describeWhen } from '../../../test/oracles/oracle.js';
import { sha256File } from './checksum.js';
import { checkZip } from './zip-check.js';
import { archiveDate, writeZip } from './zip.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'zip-spec-')));
afterAll(() => {
  rmSync(root, { recursive: true });
});

let made = 0;
const newFolder = () => {
  const folder = join(root, String(made++));
  mkdirSync(folder);
  return folder;
};

const FILES: Record<string, string> = {
  'Contents/Info.plist': '<plist/>\n'.repeat(100),
  'Contents/MacOS/Tool': 'program '.repeat(5000),
  'Contents/Resources/empty': '',
  // The same letter, composed and decomposed: two names that must stay two.
  'Contents/Resources/\u00e9.txt': 'composed',
  'Contents/Resources/e\u0301.txt': 'decomposed',
  'Contents/Resources/世界 🦊.txt': 'world',
  'Contents/Resources/a b;c*?.txt': 'odd',
};

/** A small bundle, its files made in the given order. */
function bundle(names = Object.keys(FILES)): string {
  const app = join(newFolder(), 'Tool.app');
  for (const folder of ['', 'Contents', 'Contents/MacOS', 'Contents/Resources', 'Contents/Empty'])
    mkdirSync(join(app, folder));
  for (const name of names) writeFileSync(join(app, name), FILES[name]!);
  chmodSync(join(app, 'Contents/MacOS/Tool'), 0o755);
  symlinkSync('MacOS/Tool', join(app, 'Contents/Current'));
  return app;
}

async function zipped(path: string): Promise<string> {
  const output = join(newFolder(), 'out.zip');
  await writeZip(path, output);
  return output;
}

describe('when a bundle is archived', () => {
  let app: string;
  let archive: string;
  beforeAll(async () => {
    app = bundle();
    archive = await zipped(app);
  });

  describeWithOracle('unzip', 'unzip', () => {
    it('finds no fault with it', () => {
      expect(execFileSync('unzip', ['-tq', archive], { encoding: 'utf8' })).toMatch(/No errors detected/);
    });

    it('brings back names, contents, modes, links and empty folders', () => {
      const target = newFolder();
      execFileSync('unzip', ['-q', archive, '-d', target], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
      expect(spawnSync('diff', ['-r', '--no-dereference', app, join(target, 'Tool.app')]).status).toBe(0);
      const mode = (name: string) => statSync(join(target, 'Tool.app', name)).mode & 0o777;
      expect(mode('Contents/MacOS/Tool')).toBe(0o755);
      expect(mode('Contents/Info.plist')).toBe(0o644);
      expect(mode('Contents/Empty')).toBe(0o755);
      expect(readlinkSync(join(target, 'Tool.app/Contents/Current'))).toBe('MacOS/Tool');
    });
  });

  describeWithOracle('zip', 'zip', () => {
    it('finds no fault with it', () => {
      expect(execFileSync('zip', ['-T', archive], { encoding: 'utf8' })).toMatch(/OK/);
    });
  });

  const hasPython = spawnSync('python3', ['--version']).error === undefined;
  describeWhen(hasPython, 'python3 is not installed', 'python', () => {
    it('reads the names untouched, the fixed date, Unix modes, and every checksum', () => {
      const script = `import json, sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, oct(i.external_attr >> 16), i.create_system, i.date_time] for i in z.infolist()]))`;
      const listing = JSON.parse(
        execFileSync('python3', ['-c', script, archive], { encoding: 'utf8' }),
      ) as unknown[];
      const date = [1980, 2, 1, 0, 0, 0];
      expect(listing).toEqual(
        [
          ['Tool.app/', '0o40755'],
          ['Tool.app/Contents/', '0o40755'],
          ['Tool.app/Contents/Current', '0o120755'],
          ['Tool.app/Contents/Empty/', '0o40755'],
          ['Tool.app/Contents/Info.plist', '0o100644'],
          ['Tool.app/Contents/MacOS/', '0o40755'],
          ['Tool.app/Contents/MacOS/Tool', '0o100755'],
          ['Tool.app/Contents/Resources/', '0o40755'],
          ['Tool.app/Contents/Resources/a b;c*?.txt', '0o100644'],
          ['Tool.app/Contents/Resources/empty', '0o100644'],
          ['Tool.app/Contents/Resources/e\u0301.txt', '0o100644'],
          ['Tool.app/Contents/Resources/\u00e9.txt', '0o100644'],
          ['Tool.app/Contents/Resources/世界 🦊.txt', '0o100644'],
        ].map(([name, mode]) => [name, mode, 3, date]),
      );
    });
  });

  it('passes our own check', async () => {
    const inputs = await writeZip(app, join(newFolder(), 'again.zip'));
    await expect(checkZip(archive, inputs)).resolves.toBeUndefined();
  });
});

describe('when the same content is archived again', () => {
  it('gives the same bytes, whatever the time zone, the times, the umask and the order of creation', async () => {
    const first = await sha256File(await zipped(bundle()));
    const zone = process.env.TZ;
    for (const TZ of ['Asia/Tokyo', 'America/Los_Angeles']) {
      process.env.TZ = TZ;
      try {
        const app = bundle(Object.keys(FILES).reverse());
        utimesSync(join(app, 'Contents/Info.plist'), 1e9 + made, 1e9);
        chmodSync(join(app, 'Contents/MacOS/Tool'), 0o700);
        chmodSync(join(app, 'Contents/Info.plist'), 0o600);
        expect(await sha256File(await zipped(app))).toBe(first);
      } finally {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      }
    }
  });

  it('takes its date from SOURCE_DATE_EPOCH', () => {
    expect(archiveDate('1700000000')).toEqual(new Date('2023-11-14T22:13:20Z'));
    expect(archiveDate('0')).toEqual(new Date('1980-01-01T00:00:00Z'));
    expect(archiveDate('99999999999')).toEqual(new Date('2107-12-31T23:59:58Z'));
    expect(archiveDate('')).toEqual(archiveDate(undefined));
    expect(() => archiveDate('yesterday')).toThrow(/SOURCE_DATE_EPOCH/);
  });
});

it('archives a single file under its own name', async () => {
  const file = join(newFolder(), 'tool');
  writeFileSync(file, 'x');
  const inputs = await writeZip(file, join(root, 'single.zip'));
  expect(inputs).toEqual([{ kind: 'file', name: 'tool', path: file, mode: 0o644 }]);
});

describe('when something cannot go into the archive', () => {
  it.each(['._Tool', '.DS_Store', 'a\\b'])('refuses %s', async (name) => {
    const app = bundle();
    writeFileSync(join(app, 'Contents', name), '');
    const failure = zipped(app);
    await expect(failure).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(failure).rejects.toThrow(join(app, 'Contents', name));
  });

  it('refuses a name that is not UTF-8', async () => {
    const app = bundle();
    writeFileSync(Buffer.concat([Buffer.from(`${app}/`), Buffer.from([0xff, 0xfe])]), '');
    await expect(zipped(app)).rejects.toThrow(/not UTF-8/);
  });

  it('refuses a pipe and a socket instead of waiting for them', async () => {
    const withPipe = bundle();
    execFileSync('mkfifo', [join(withPipe, 'pipe')]);
    await expect(zipped(withPipe)).rejects.toThrow(/neither a file, a folder nor a link/);
    const withSocket = bundle();
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(withSocket, 's'), done));
    await expect(zipped(withSocket)).rejects.toThrow(/neither a file, a folder nor a link/);
    await new Promise((done) => server.close(done));
  });

  it('names a file that is not there', async () => {
    await expect(zipped(join(root, 'absent.app'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('never writes over a file that stands at the output', async () => {
    const output = join(newFolder(), 'out.zip');
    writeFileSync(output, 'mine');
    await expect(writeZip(bundle(), output)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(readFileSync(output, 'utf8')).toBe('mine');
  });
});

describe('when an archive was damaged', () => {
  it('no changed byte of its data, names, modes or checksums passes the check', async () => {
    const folder = join(newFolder(), 'folder');
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), 'some text');
    symlinkSync('file', join(folder, 'link'));
    const archive = join(root, 'damaged.zip');
    const inputs = await writeZip(folder, archive, { level: 0 });
    const good = readFileSync(archive);
    for (const at of guarded(good, ['folder/file', 'folder/link'], 'some text')) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x41;
      writeFileSync(archive, bad);
      const outcome: unknown = await checkZip(archive, inputs).catch((error: unknown) => error);
      expect({ at, outcome }).toMatchObject({ outcome: { code: 'MALFORMED' } });
    }
  });

  /** Offsets of the bytes that must not change unnoticed (APPNOTE.TXT 4.3.7 and 4.3.12). */
  function guarded(archive: Buffer, names: readonly string[], data: string): number[] {
    const range = (at: number, length: number) => Array.from({ length }, (_, i) => at + i);
    const ofNames = names.flatMap((name) => {
      const local = archive.indexOf(name);
      const central = archive.lastIndexOf(name);
      const [crc, mode] = [central - 46 + 16, central - 46 + 40];
      return [
        ...range(local, name.length),
        ...range(central, name.length),
        ...range(crc, 4),
        ...range(mode, 2),
      ];
    });
    return [...ofNames, ...range(archive.indexOf(data), data.length)];
  }

  it('no truncation passes the check', async () => {
    const file = join(newFolder(), 'a');
    writeFileSync(file, 'some text');
    const archive = join(root, 'truncated.zip');
    const inputs = await writeZip(file, archive);
    const good = readFileSync(archive);
    for (let length = 0; length < good.length; length++) {
      writeFileSync(archive, good.subarray(0, length));
      await expect(checkZip(archive, inputs)).rejects.toMatchObject({ code: 'MALFORMED' });
    }
  });
});
