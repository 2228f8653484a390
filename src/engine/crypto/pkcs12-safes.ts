import { createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto';
import { SigningError } from '../system/error.js';
import {
  childrenOf,
  expectTag,
  Fields,
  malformed,
  readOid,
  readOnly,
  sequenceFields,
  stringOctets,
  type BerNode,
} from './ber.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { contextTag, TAG } from './der.js';
import { cipherKey } from './password-encryption.js';
import { dataOctets, type Pkcs12Container } from './pkcs12-container.js';
import { PKCS12 } from './pkcs12-oids.js';
import { decryptRc2 } from './rc2.js';

/** All keys and certificates of a PKCS#12 file, in its order. */
export interface Pkcs12Contents {
  readonly keys: KeyObject[];
  readonly certificates: Certificate[];
}

export class WrongPassword extends SigningError {
  constructor() {
    super('WRONG_PASSWORD', 'the password does not open the PKCS#12 file', {
      hint: 'check that it is the password of this very file, without a line break at its end',
    });
  }
}

/**
 * Decrypts what the container holds (RFC 7292 4.1 and 4.2).
 * @throws WrongPassword, SigningError `MALFORMED`, `UNSUPPORTED`, OutOfBounds
 */
export async function openSafes(
  { content, mac }: Pkcs12Container,
  password: string | undefined,
): Promise<Pkcs12Contents> {
  const opener = new SafeOpener(password, mac !== undefined);
  for (const info of childrenOf(expectTag(readOnly(content), TAG.sequence))) {
    const type = readOid(sequenceFields(info).take(TAG.oid));
    if (type === PKCS12.encryptedData) await opener.openEncrypted(info);
    else await opener.open(readOnly(dataOctets(sequenceFields(info))));
  }
  return opener.contents;
}

class SafeOpener {
  readonly contents: Pkcs12Contents = { keys: [], certificates: [] };
  readonly #password: string | undefined;
  readonly #isProved: boolean;

  /** @param isProved whether a MAC has shown that the password is right: what cannot be read then is damaged */
  constructor(password: string | undefined, isProved: boolean) {
    this.#password = password;
    this.#isProved = isProved;
  }

  /** ContentInfo with EncryptedData (RFC 5652 8). */
  async openEncrypted(contentInfo: BerNode): Promise<void> {
    const outer = sequenceFields(contentInfo);
    outer.take(TAG.oid);
    const encryptedData = sequenceFields(new Fields(outer.take(contextTag(0))).take());
    encryptedData.take(TAG.integer); // version
    const fields = sequenceFields(encryptedData.take(TAG.sequence));
    fields.take(TAG.oid); // content type, always data
    const algorithm = fields.take(TAG.sequence);
    const octets = stringOctets(fields.take(contextTag(0, 'primitive'), contextTag(0)));
    const plain = await this.#decrypt(algorithm, octets);
    await this.open(this.#understood(() => readOnly(plain)));
  }

  /** SafeContents. Bags of other kinds, revocation lists and free secrets, are of no use to a signer. */
  async open(safe: BerNode): Promise<void> {
    for (const bag of childrenOf(safe)) {
      const fields = sequenceFields(bag);
      const type = readOid(fields.take(TAG.oid));
      const value = new Fields(fields.take(contextTag(0))).take();
      if (type === PKCS12.keyBag) this.contents.keys.push(privateKeyOf(value.raw));
      else if (type === PKCS12.shroudedKeyBag) this.contents.keys.push(await this.#shroudedKey(value));
      else if (type === PKCS12.certBag) this.contents.certificates.push(...certificatesOf(value));
      else if (type === PKCS12.safeContentsBag) await this.open(value);
    }
  }

  /** EncryptedPrivateKeyInfo (RFC 5958 3). */
  async #shroudedKey(node: BerNode): Promise<KeyObject> {
    const fields = sequenceFields(node);
    const algorithm = fields.take(TAG.sequence);
    const plain = await this.#decrypt(algorithm, stringOctets(fields.take(TAG.octetString)));
    return this.#understood(() => privateKeyOf(plain));
  }

  async #decrypt(algorithm: BerNode, data: Uint8Array): Promise<Uint8Array> {
    const { cipher, key, iv } = await cipherKey(algorithm, this.#password);
    if (cipher === 'rc2') return decryptRc2(key, iv, data);
    return this.#understood(() => {
      const decipher = createDecipheriv(cipher, key, iv);
      return Buffer.concat([decipher.update(data), decipher.final()]);
    });
  }

  /** Without a MAC, nonsense is the only sign of a wrong password. */
  #understood<T>(read: () => T): T {
    try {
      return read();
    } catch {
      throw this.#isProved ? malformed('what was decrypted makes no sense') : new WrongPassword();
    }
  }
}

function privateKeyOf(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    throw malformed('its private key cannot be read'); // No cause: it could quote the key.
  }
}

/** CertBag; its other kind, SDSI certificates, never came into use. */
function certificatesOf(bag: BerNode): Certificate[] {
  const fields = sequenceFields(bag);
  if (readOid(fields.take(TAG.oid)) !== PKCS12.x509Certificate) return [];
  const value = new Fields(fields.take(contextTag(0))).take(TAG.octetString, TAG.octetString | 0x20);
  return [parseCertificate(stringOctets(value))];
}
