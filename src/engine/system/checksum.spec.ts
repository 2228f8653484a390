import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { readChecksum, sha256File, writeChecksum } from './checksum.js';

const folder = mkdtempSync(join(tmpdir(), 'checksum-spec-'));
const file = join(folder, 'My Tool.app.zip');
beforeAll(() => {
  writeFileSync(file, Buffer.alloc(3 << 20, 7));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describeWithOracle('sha256sum', 'when sha256sum reads our checksum', () => {
  it('agrees on the hash', async () => {
    const said = execFileSync('sha256sum', [file], { encoding: 'utf8' });
    expect(said.startsWith(`${await sha256File(file)}  `)).toBe(true);
  });

  it('accepts the file, strictly', async () => {
    const sidecar = await writeChecksum(file, await sha256File(file), 'sha256sum');
    expect(sidecar).toBe(`${file}.sha256`);
    const check = spawnSync('sha256sum', ['-c', '--strict', sidecar], { cwd: folder, encoding: 'utf8' });
    expect(check).toMatchObject({ status: 0, stdout: 'My Tool.app.zip: OK\n' });
  });

  it('sees that the file has changed', async () => {
    const sidecar = await writeChecksum(file, '0'.repeat(64), 'sha256sum');
    expect(spawnSync('sha256sum', ['-c', '--strict', sidecar], { cwd: folder }).status).toBe(1);
  });

  it('is read back by us as well', async () => {
    const hex = await sha256File(file);
    const written = execFileSync('sha256sum', ['--binary', 'My Tool.app.zip'], { cwd: folder });
    writeFileSync(join(folder, 'theirs'), written);
    expect(await readChecksum(join(folder, 'theirs'), 'My Tool.app.zip')).toBe(hex);
  });
});

it('writes the bare hash, and nothing else, when asked to', async () => {
  const sidecar = await writeChecksum(file, 'ab'.repeat(32), 'bare');
  expect(readFileSync(sidecar, 'utf8')).toBe('ab'.repeat(32));
  expect(await readChecksum(sidecar, 'whatever')).toBe('ab'.repeat(32));
});

it('does not take the hash of another file', async () => {
  const sidecar = await writeChecksum(file, 'ab'.repeat(32), 'sha256sum');
  await expect(readChecksum(sidecar, 'Other.zip')).rejects.toMatchObject({ code: 'MALFORMED' });
});

it('refuses a name that would forge a second line', async () => {
  await expect(writeChecksum(join(folder, 'a\nb'), 'ab'.repeat(32), 'sha256sum')).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  });
});

it('names a file that is not there', async () => {
  await expect(sha256File(join(folder, 'absent'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
