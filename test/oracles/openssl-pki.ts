import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `rsa:2048`, or `ec:` and the name of a curve. */
export type KeyKind = `rsa:${number}` | `ec:${string}`;

export interface Issue {
  readonly key?: KeyKind;
  /** An openssl subject, `/CN=…`. */
  readonly subject?: string;
  /** Lines of an openssl extension section. */
  readonly extensions?: readonly string[];
  /** The name of what signs: an earlier issue. Without one the certificate signs itself. */
  readonly issuer?: string;
  readonly days?: number;
  /** The name of an earlier issue whose key is used again. */
  readonly keyOf?: string;
}

export const CA_EXTENSIONS = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
export const CODE_SIGNING = ['extendedKeyUsage=critical,codeSigning', 'keyUsage=critical,digitalSignature'];

/** Keys and certificates made by openssl in a temporary folder: `<name>.key` and `<name>.pem` each. */
export class OpensslPki {
  readonly folder = mkdtempSync(join(tmpdir(), 'openssl-pki-'));

  path(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(this.path(name)));
  }

  write(name: string, content: Uint8Array | string): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  issue(name: string, issue: Issue = {}): void {
    if (issue.keyOf === undefined) this.run(...keyArguments(issue.key ?? 'rsa:2048'), '-out', `${name}.key`);
    else this.write(`${name}.key`, this.read(`${issue.keyOf}.key`));
    this.write(`${name}.ext`, (issue.extensions ?? CODE_SIGNING).join('\n'));
    this.run(
      'req',
      '-new',
      '-utf8',
      '-key',
      `${name}.key`,
      '-subj',
      issue.subject ?? `/CN=${name}`,
      '-out',
      `${name}.csr`,
    );
    const by = issue.issuer;
    const signer =
      by === undefined
        ? ['-signkey', `${name}.key`]
        : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    this.run(
      ...['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-extfile', `${name}.ext`],
      ...['-days', String(issue.days ?? 30), ...signer],
    );
  }

  /** A PKCS#12 file of one name's key and certificate, with openssl's own options. */
  exportPkcs12(name: string, file: string, password: string, ...options: readonly string[]): Uint8Array {
    this.run(
      ...['pkcs12', '-export', '-in', `${name}.pem`, '-inkey', `${name}.key`, '-out', file],
      ...['-passout', `pass:${password}`, ...options],
    );
    return this.read(file);
  }

  /** What openssl, run in the folder, writes to its standard output, or to the other one if that stays empty. */
  run(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: this.folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
    return stdout || stderr;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function keyArguments(kind: KeyKind): string[] {
  const [algorithm, size] = kind.split(':') as [string, string];
  return algorithm === 'rsa'
    ? ['genpkey', '-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${size}`]
    : ['genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${size}`];
}
