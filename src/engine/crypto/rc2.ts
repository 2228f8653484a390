/**
 * Decrypts RC2 in CBC mode with as many effective bits as the key is long (RFC 2268). Keychain Access and
 * `openssl pkcs12 -legacy` still encrypt certificates with it, while OpenSSL 3, and so Node, has given it up.
 */
export async function decryptRc2(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const { default: forge } = await import('node-forge');
  const decipher = forge.rc2.createDecryptionCipher(binary(key), key.length * 8);
  decipher.start(binary(iv));
  decipher.update(forge.util.createBuffer(binary(data)));
  decipher.finish();
  return Buffer.from(decipher.output.getBytes(), 'latin1');
}

/** node-forge's idea of octets: a string of characters up to 255. */
function binary(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1');
}
