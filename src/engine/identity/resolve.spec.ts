import { execFileSync } from 'node:child_process';
import { verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiledEngine } from '../../../test/compiled-engine.js';
import { CA_EXTENSIONS, CODE_SIGNING, OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { fixedClock, systemClock, type Clock } from '../system/clock.js';
import { silentReporter } from '../system/reporter.js';
import type { Environment } from './environment.js';
import type { IdentityOption } from './option.js';
import { resolveIdentity } from './resolve.js';

const PASSWORD = 'the password itself';
const DAY = 24 * 60 * 60 * 1000;

let home: string;
let warnings: string[];
let cwd = '/';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'resolve-identity-'));
  warnings = [];
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function resolve(option: IdentityOption | undefined, env: Environment = {}, clock: Clock = systemClock) {
  const reporter = { ...silentReporter, warn: (text: string) => warnings.push(text) };
  return resolveIdentity(option, { env: { NX_CODESIGN_HOME: home, ...env }, clock, reporter, home, cwd });
}

async function resolveKey(...args: Parameters<typeof resolve>) {
  const identity = await resolve(...args);
  if (identity.kind !== 'key') throw new Error('an ad-hoc identity');
  expect(identity.source).not.toContain(PASSWORD);
  return identity;
}

describe('resolveIdentity', () => {
  it('signs ad-hoc only when told to', async () => {
    const source = 'ad-hoc, chosen by the option identity';
    expect(await resolve('-')).toEqual({ kind: 'adhoc', source });
    const overridden = 'ad-hoc, chosen by NX_CODESIGN_IDENTITY, which overrides the option identity';
    expect(await resolve('self-signed', { NX_CODESIGN_IDENTITY: 'adhoc' })).toEqual({
      kind: 'adhoc',
      source: overridden,
    });
  });

  it('lists where it looked when nobody says who signs', async () => {
    const error = { code: 'NO_IDENTITY', message: 'no signing identity was found' };
    await expect(resolve(undefined, { APPLE_CERTIFICATE: '' })).rejects.toMatchObject({
      ...error,
      hint: expect.stringMatching(
        /NX_CODESIGN_IDENTITY is not set; APPLE_CERTIFICATE is empty;.* not made yet$/,
      ) as string,
    });
    await resolve('self-signed');
    const hint = expect.stringContaining(`${join(home, 'self-signed')} is present`) as string;
    await expect(resolve(undefined)).rejects.toMatchObject({ ...error, hint });
  });

  it('gives the same self-signed identity every time', async () => {
    const first = await resolveKey('self-signed');
    const again = await resolveKey('self-signed');
    expect(again.key.certificate.sha1).toBe(first.key.certificate.sha1);
    expect(again.key.chain).toEqual([]);
    expect(first.source).toBe(
      `CN=nx-codesign Self-Signed from ${join(home, 'self-signed')}, chosen by the option identity`,
    );
    expect(warnings).toEqual([]);
  });

  it('warns when a CI machine makes a self-signed identity, which will be gone tomorrow', async () => {
    await resolve('self-signed', { CI: 'true' });
    await resolve('self-signed', { CI: 'true' });
    expect(warnings).toEqual([expect.stringContaining('made on a CI machine') as string]);
  });

  it('never renews an expired self-signed identity by itself', async () => {
    await resolve('self-signed');
    const later = fixedClock(new Date(Date.now() + 3700 * DAY));
    await expect(resolve('self-signed', {}, later)).rejects.toMatchObject({
      code: 'CERTIFICATE_EXPIRED',
      hint: expect.stringContaining('permissions again') as string,
    });
  });
});

describeWithOracle('openssl', 'resolveIdentity with keys that openssl made', () => {
  let pki: OpensslPki;
  let base64: string;

  beforeAll(() => {
    pki = new OpensslPki();
    cwd = pki.folder;
    pki.issue('root', { extensions: CA_EXTENSIONS });
    pki.issue('intermediate', { issuer: 'root', extensions: CA_EXTENSIONS });
    pki.issue('leaf', { issuer: 'intermediate', subject: '/O=Example/CN=Leaf', days: 100 });
    pki.issue('p256', { key: 'ec:P-256' });
    pki.issue('short', { key: 'ec:P-256', days: 20 });
    const text = (name: string) => new TextDecoder().decode(pki.read(name));
    pki.write('authorities.pem', text('root.pem') + text('intermediate.pem'));
    pki.write('chain.pem', text('leaf.pem') + text('authorities.pem'));
    pki.write('all.pem', text('leaf.key') + text('chain.pem'));
    base64 = Buffer.from(
      pki.exportPkcs12('leaf', 'id.p12', PASSWORD, '-certfile', 'authorities.pem'),
    ).toString('base64');
    pki.run('x509', '-in', 'p256.pem', '-outform', 'DER', '-out', 'p256.cer');
    pki.run('pkcs8', '-topk8', '-in', 'leaf.key', '-out', 'locked.key', '-passout', `pass:${PASSWORD}`);
  });

  afterAll(() => {
    pki.remove();
  });

  const expectLeaf = async (option: IdentityOption | undefined, env: Environment = {}) => {
    const { key, source } = await resolveKey(option, env);
    expect(key.certificate.subject.text).toBe('CN=Leaf,O=Example');
    expect(key.chain.map(({ subject }) => subject.commonName)).toEqual(['intermediate', 'root']);
    const message = Buffer.from('message');
    const signature = await key.sign(message, 'sha256');
    expect(verify('sha256', message, key.certificate.publicKey, signature)).toBe(true);
    expect(warnings).toEqual([]);
    return source;
  };

  it.each<[string, IdentityOption | undefined, () => Environment]>([
    ['a path and a named password', { p12: 'id.p12', passwordEnv: 'PW' }, () => ({ PW: PASSWORD })],
    ['a path alone', 'id.p12', () => ({ NX_CODESIGN_PASSWORD: PASSWORD })],
    [
      'an absolute path',
      undefined,
      () => ({ NX_CODESIGN_IDENTITY: pki.path('id.p12'), NX_CODESIGN_PASSWORD: PASSWORD }),
    ],
    ['base64 in a variable', 'env:SIGN', () => ({ SIGN: base64, SIGN_PASSWORD: PASSWORD })],
    [
      'base64 in lines',
      { p12Env: 'SIGN' },
      () => ({ SIGN: base64.replace(/.{76}/g, '$&\r\n'), SIGN_PASSWORD: PASSWORD }),
    ],
    [
      'a data URL',
      { p12Env: 'SIGN' },
      () => ({ SIGN: `data:application/x-pkcs12;base64,${base64}`, SIGN_PASSWORD: PASSWORD }),
    ],
    ['a path in a variable', { p12Env: 'SIGN', passwordEnv: 'PW' }, () => ({ SIGN: 'id.p12', PW: PASSWORD })],
    [
      'a file URL in a variable',
      undefined,
      () => ({ CSC_LINK: pathToFileURL(pki.path('id.p12')).href, CSC_KEY_PASSWORD: PASSWORD }),
    ],
    [
      "Tauri's variables",
      undefined,
      () => ({ APPLE_CERTIFICATE: base64, APPLE_CERTIFICATE_PASSWORD: PASSWORD }),
    ],
    ['PEM files', { certificate: 'chain.pem', key: 'leaf.key' }, () => ({})],
    ['one PEM file', { certificate: 'all.pem' }, () => ({})],
    ['one PEM file by its path', 'all.pem', () => ({})],
    [
      'an encrypted PEM key',
      { certificate: 'chain.pem', key: 'locked.key', passwordEnv: 'PW' },
      () => ({ PW: PASSWORD }),
    ],
    [
      'PEM in variables',
      { certificateEnv: 'CERT', keyEnv: 'KEY' },
      () => ({ CERT: pem('chain.pem'), KEY: pem('leaf.key') }),
    ],
    [
      'PEM with written line breaks',
      { certificateEnv: 'CERT' },
      () => ({ CERT: pem('all.pem').replaceAll('\n', '\\n') }),
    ],
    [
      'base64 of PEM',
      { certificateEnv: 'CERT' },
      () => ({ CERT: Buffer.from(pem('all.pem')).toString('base64') }),
    ],
  ])('takes %s', async (_, option, env) => {
    await expectLeaf(option, env());
  });

  const pem = (name: string) => new TextDecoder().decode(pki.read(name));

  it('takes a file of base64 for what it holds', async () => {
    pki.write('base64.p12', base64);
    await expectLeaf({ p12: 'base64.p12', passwordEnv: 'PW' }, { PW: PASSWORD });
  });

  it('takes paths from the home folder', async () => {
    const { key } = await resolveIdentity('~/id.p12', {
      env: { NX_CODESIGN_PASSWORD: PASSWORD },
      clock: systemClock,
      reporter: silentReporter,
      home: pki.folder,
      cwd: '/',
    }).then((identity) => (identity.kind === 'key' ? identity : Promise.reject(new Error('ad-hoc'))));
    expect(key.certificate.subject.commonName).toBe('Leaf');
  });

  it("takes Apple's way of handing out certificates, DER beside a key", async () => {
    const { key } = await resolveKey({ certificate: 'p256.cer', key: 'p256.key' });
    expect(key.algorithm).toBe('ecdsa');
  });

  it('says where the identity came from', async () => {
    expect(
      await expectLeaf(undefined, { APPLE_CERTIFICATE: base64, APPLE_CERTIFICATE_PASSWORD: PASSWORD }),
    ).toBe('CN=Leaf,O=Example from the variable APPLE_CERTIFICATE, chosen because APPLE_CERTIFICATE is set');
  });

  it.each<[string, IdentityOption | undefined, () => Environment, object]>([
    [
      'a named password variable that is not set',
      { p12: 'id.p12', passwordEnv: 'PW' },
      () => ({ PW: '' }),
      { code: 'WRONG_PASSWORD', message: 'the variable PW, named by passwordEnv, is not set' },
    ],
    [
      'a missing password',
      undefined,
      () => ({ APPLE_CERTIFICATE: base64 }),
      {
        code: 'WRONG_PASSWORD',
        message: 'the variable APPLE_CERTIFICATE: the PKCS#12 file needs a password, and none was given',
        hint: expect.stringContaining('set APPLE_CERTIFICATE_PASSWORD or') as string,
      },
    ],
    [
      'a wrong password',
      { p12: 'id.p12', passwordEnv: 'PW' },
      () => ({ PW: 'wrong' }),
      { code: 'WRONG_PASSWORD', hint: expect.stringContaining('check PW') as string },
    ],
    [
      'an unset variable',
      'env:SIGN',
      () => ({}),
      { code: 'NO_IDENTITY', message: 'the variable SIGN is not set' },
    ],
    [
      'an empty variable',
      'env:SIGN',
      () => ({ SIGN: '' }),
      { code: 'NO_IDENTITY', message: 'the variable SIGN is empty' },
    ],
    [
      'a missing file',
      'none.p12',
      () => ({}),
      { code: 'NOT_FOUND', message: expect.stringContaining('none.p12') as string },
    ],
    ['a foreign key', { certificate: 'leaf.pem', key: 'p256.key' }, () => ({}), { code: 'KEY_MISMATCH' }],
    ['a certificate alone', { certificate: 'leaf.pem' }, () => ({}), { code: 'INVALID_KEY' }],
    [
      'a DER certificate alone',
      { p12: 'p256.cer' },
      () => ({}),
      { code: 'INVALID_KEY', message: expect.stringContaining('without its private key') as string },
    ],
    ['a key alone', { certificate: 'leaf.key' }, () => ({}), { code: 'INVALID_CERTIFICATE' }],
    ['damaged base64', 'env:SIGN', () => ({ SIGN: base64.slice(0, 400) }), { code: 'INVALID_KEY' }],
  ])('refuses %s', async (_, option, env, error) => {
    await expect(resolve(option, env())).rejects.toMatchObject({ name: 'SigningError', ...error });
  });

  it('shows nothing of a variable that holds something else', async () => {
    const error: unknown = await resolve('env:SIGN', { SIGN: 'hunter2' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'INVALID_KEY' });
    expect(`${JSON.stringify(error)} ${(error as Error).stack ?? ''}`).not.toContain('hunter2');
  });

  it('refuses certificates before and after their time, and warns in the last month', async () => {
    const at = (days: number) => fixedClock(new Date(Date.now() + days * DAY));
    const short = { certificate: 'short.pem', key: 'short.key' };
    await expect(resolve(short, {}, at(-1))).rejects.toMatchObject({
      code: 'CERTIFICATE_EXPIRED',
      hint: 'check the clock of this machine',
    });
    await expect(resolve(short, {}, at(21))).rejects.toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
    await resolve(short);
    expect(warnings).toEqual([expect.stringMatching(/CN=short expires on \d{4}-\d\d-\d\d/)]);
  });

  it('warns of an incomplete chain and goes on with what there is', async () => {
    const { key } = await resolveKey({ certificate: 'leaf.pem', key: 'leaf.key' });
    expect(key.chain).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/INCOMPLETE_CHAIN.*CN=intermediate/)]);
  });

  it('is not deceived by an authority of the right name with another key', async () => {
    pki.issue('impostor', { subject: '/CN=intermediate', extensions: CA_EXTENSIONS });
    pki.write('false-chain.pem', pem('leaf.pem') + pem('impostor.pem'));
    const { key } = await resolveKey({ certificate: 'false-chain.pem', key: 'leaf.key' });
    expect(key.chain).toEqual([]);
  });

  it('finishes with two authorities that issued each other', async () => {
    pki.issue('a', { extensions: CA_EXTENSIONS });
    pki.issue('b', { extensions: CA_EXTENSIONS });
    pki.issue('a2', { keyOf: 'a', subject: '/CN=a', issuer: 'b', extensions: CA_EXTENSIONS });
    pki.issue('b2', { keyOf: 'b', subject: '/CN=b', issuer: 'a', extensions: CA_EXTENSIONS });
    pki.issue('ring', { issuer: 'a', extensions: CODE_SIGNING });
    pki.write('ring-chain.pem', pem('ring.pem') + pem('a2.pem') + pem('b2.pem'));
    const { key } = await resolveKey({ certificate: 'ring-chain.pem', key: 'ring.key' });
    expect(key.chain.map(({ subject }) => subject.commonName)).toEqual(['a', 'b']);
  });
});

describe('importing resolveIdentity', () => {
  it('does not load node-forge', () => {
    const engine = compiledEngine();
    try {
      const url = JSON.stringify(pathToFileURL(join(engine, 'dist/engine/identity/resolve.js')).href);
      const script = `
        import { createRequire } from 'node:module';
        await import(${url});
        console.log(Object.keys(createRequire(import.meta.url).cache).join());`;
      const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(loaded.trim()).toBe('');
    } finally {
      rmSync(engine, { recursive: true, force: true });
    }
  });
});
