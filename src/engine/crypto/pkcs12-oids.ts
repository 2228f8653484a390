/** Object identifiers of PKCS#12 (RFC 7292) and of the PKCS#5 encryption inside it (RFC 8018). */
export const PKCS12 = {
  encryptedData: '1.2.840.113549.1.7.6',
  // What a safe can hold (RFC 7292 appendix D)
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  // Encryption with keys of RFC 7292 appendix C
  shaAnd3KeyTripleDes: '1.2.840.113549.1.12.1.3',
  shaAnd2KeyTripleDes: '1.2.840.113549.1.12.1.4',
  shaAnd128BitRc2: '1.2.840.113549.1.12.1.5',
  shaAnd40BitRc2: '1.2.840.113549.1.12.1.6',
  // Encryption with keys of PKCS#5
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  pbmac1: '1.2.840.113549.1.5.14',
} as const;
