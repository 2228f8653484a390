import fc from 'fast-check';
import { grant } from '../../../test/fakes/timestamp/timestamp-authority.js';
import { OpensslPki } from '../../../test/oracles/openssl-pki.js';
import { describeWithOracle } from '../../../test/oracles/oracle.js';
import { endEntity, extension, issue, type TestIdentity } from '../../../test/pki/issue.js';
import { ecKeys } from '../../../test/pki/keys.js';
import { testPki } from '../../../test/pki/test-pki.js';
import { toHex } from '../bytes/hex.js';
import { systemCode } from '../system/error.js';
import { childrenOf, readOnly } from './ber.js';
import { encodeSignedData, signContent } from './cms-encode.js';
import { integer, octetString, oid, sequence, utf8String } from './der.js';
import { digest, type HashAlgorithm } from './digest.js';
import { OID } from './oids.js';
import { encodeHashAlgorithm } from './signature-algorithm.js';
import { encodeTimestampRequest } from './timestamp-request.js';
import { decodeTimestampResponse } from './timestamp-response.js';
import { decodeTimestampToken } from './timestamp-token.js';
import { verifyTimestamp } from './timestamp-verify.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const message = new TextEncoder().encode('a signature value');
const nonce = Uint8Array.of(0xf1, 2, 3, 4, 5, 6, 7, 8);

function tokenIn(response: Uint8Array): Uint8Array {
  const decoded = decodeTimestampResponse(response);
  if (decoded.kind !== 'granted') throw new Error(decoded.reason);
  return decoded.token;
}

/** As our test server grants it, in the shape of Apple's. */
async function granted(): Promise<Uint8Array> {
  const imprint = sequence(encodeHashAlgorithm('sha256'), octetString(digest('sha256', message)));
  const question = { imprint, policy: undefined, nonce: integer(nonce) };
  return tokenIn(await grant(question, testPki.timestampSigner().signingKey, NOW));
}

describe('a timestamp that was granted', () => {
  const anchors = [testPki.root().certificate];

  it('verifies at its own time', async () => {
    const { problems, time, signer, chain, info } = verifyTimestamp(await granted(), message, anchors);
    expect(problems).toEqual([]);
    expect(time).toEqual(NOW);
    expect(signer?.subject.commonName).toBe('Test Timestamp Signer');
    expect(chain.at(-1)?.sha256).toBe(anchors[0]!.sha256);
    expect(info.policy).toBe('1.2.3.4.5.6');
    expect(info.nonce).toEqual(nonce);
  });

  it('does not verify for another signature or from another root', async () => {
    const token = await granted();
    const kindsOf = (...args: Parameters<typeof verifyTimestamp>) =>
      verifyTimestamp(...args).problems.map(({ kind }) => kind);
    expect(kindsOf(token, message.subarray(1), anchors)).toEqual(['wrong-message']);
    expect(kindsOf(token, message, [testPki.strangerRoot().certificate])).toEqual(['untrusted']);
  });

  it('neither verifies nor crashes when what it says is changed', async () => {
    const token = await granted();
    const at = Buffer.from(token).indexOf(Buffer.from('20261122120000Z'));
    const changed = Uint8Array.from(token);
    changed.set(Buffer.from('2019'), at);
    expect(verifyTimestamp(changed, message, anchors).problems.map(({ text }) => text)).toEqual([
      'the content is not what was signed',
      ...['Test Timestamp Signer', 'Test Timestamp Certification Authority', 'Test Root CA'].map(
        (name) => expect.stringMatching(new RegExp(`${name}.* is not valid yet`)) as string,
      ),
    ]);
    const outcomeOf = (data: Uint8Array) => {
      try {
        return verifyTimestamp(data, message, anchors).problems.length > 0 ? 'invalid' : 'valid';
      } catch (error) {
        return systemCode(error) ?? error;
      }
    };
    const change = fc.tuple(fc.nat({ max: token.length - 1 }), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutant = Uint8Array.from(token);
        for (const [place, octet] of changes) mutant[place] = octet;
        expect(['valid', 'invalid', 'MALFORMED', 'INVALID_CERTIFICATE']).toContain(outcomeOf(mutant));
      }),
      { seed: 3161, numRuns: 500 },
    );
  });

  it('whose content is no OCTET STRING is no timestamp', async () => {
    const token = await granted();
    const changed = Uint8Array.from(token);
    const [, wrapper] = childrenOf(readOnly(token));
    const content = childrenOf(childrenOf(wrapper!)[0]!)[2]!;
    const octets = childrenOf(childrenOf(content)[1]!)[0]!;
    changed[octets.raw.byteOffset - token.byteOffset] = 0x0c;
    expect(() => verifyTimestamp(changed, message, anchors)).toThrow('its content is no OCTET STRING');
  });
});

describe('a timestamp', () => {
  const info = sequence(
    integer(1),
    Uint8Array.of(6, 1, 42),
    sequence(encodeHashAlgorithm('sha256'), octetString(digest('sha256', message))),
    integer(1),
    Uint8Array.from([0x18, 15, ...Buffer.from('20261122120000Z')]),
  );
  const timestamping = extension(OID.extendedKeyUsage, sequence(oid(OID.timeStamping)));
  const signed = async (
    attributes: readonly { oid: string; values: Uint8Array[] }[],
    type: string = OID.timestampInfo,
    { signingKey: key }: TestIdentity = testPki.timestampSigner(),
  ) => {
    const content = { kind: 'embedded', type, octets: info } as const;
    return encodeSignedData(
      await signContent({ content, key, hash: 'sha256', algorithmNaming: 'key-alone', attributes }),
      'der',
    );
  };
  const certificateNamed = (hash: 'sha1' | 'sha256', der: Uint8Array) => ({
    oid: hash === 'sha1' ? OID.signingCertificate : OID.signingCertificateV2,
    values: [sequence(sequence(sequence(octetString(digest(hash, der)))))],
  });

  it.each(['sha1', 'sha256'] as const)('names its certificate by %s', async (hash) => {
    const { der } = testPki.timestampSigner().certificate;
    expect(verifyTimestamp(await signed([certificateNamed(hash, der)]), message).problems).toEqual([]);
  });

  it('that names no certificate, or another, does not verify', async () => {
    for (const attributes of [[], [certificateNamed('sha256', testPki.root().certificate.der)]])
      expect(verifyTimestamp(await signed(attributes), message).problems).toEqual([
        { kind: 'broken-signature', text: 'its signature does not name the certificate it was made with' },
      ]);
  });

  it.each([
    ['a signer whose purpose is not critical', { extensions: [timestamping] }, 'wrong-purpose'],
    ['a signer that had expired', { notAfter: new Date('2026-11-22T11:59:59Z') }, 'untrusted'],
  ] as const)('by %s does not verify, even when no root is named', async (_, changes, kind) => {
    const plain = {
      subject: [[OID.commonName, 'odd signer']] as const,
      keys: ecKeys(),
      extensions: endEntity(OID.timeStamping),
    };
    const odd = issue(testPki.timestampAuthority(), { ...plain, ...changes });
    const token = await signed([certificateNamed('sha256', odd.certificate.der)], OID.timestampInfo, odd);
    expect(verifyTimestamp(token, message).problems.map((problem) => problem.kind)).toEqual([kind]);
  });

  it('is no timestamp when it holds something else', async () => {
    const data = await signed([], OID.data);
    expect(() => verifyTimestamp(data, message)).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }) as Error,
    );
  });
});

describe('a refusal', () => {
  it('quotes the server shortly and on one line, whatever it says', () => {
    const text = sequence(utf8String(`\u001b[2J\n${'x'.repeat(100_000)}`));
    const refusal = decodeTimestampResponse(sequence(sequence(integer(3), text)));
    expect(refusal).toEqual({ kind: 'refused', reason: `waiting, " [2J ${'x'.repeat(195)}"` });
  });

  it('of an unknown kind is a refusal too', () => {
    expect(decodeTimestampResponse(sequence(sequence(integer(77))))).toEqual({
      kind: 'refused',
      reason: 'status 77',
    });
  });

  it('is no less than a token when it says granted', () => {
    expect(() => decodeTimestampResponse(sequence(sequence(integer(0))))).toThrow(
      'the timestamp response is malformed',
    );
  });
});

describeWithOracle('openssl', 'openssl ts', () => {
  const openssl = new OpensslPki();
  afterAll(() => {
    openssl.remove();
  });

  it.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('reads our request, with %s', (hash) => {
    openssl.write('query', encodeTimestampRequest({ message, hash, nonce, policy: '1.2.3.4.1' }));
    const text = openssl.run('ts', '-query', '-in', 'query', '-text');
    expect(text).toMatch(new RegExp(`Hash Algorithm: ${hash}\n`));
    expect(text).toMatch(/Nonce: 0xF102030405060708/);
    expect(text).toMatch(/Certificate required: yes/);
    expect(openssl.run('ts', '-query', '-in', 'query', '-text')).toMatch(/1\.2\.3\.4\.1|tsa_policy1/);
  });

  it('asks in the same octets', () => {
    openssl.write('message', message);
    openssl.run('ts', '-query', '-data', 'message', '-sha256', '-cert', '-out', 'query');
    const theirs = openssl.read('query');
    const nonceField = decodeNonce(theirs);
    expect(toHex(encodeTimestampRequest({ message, hash: 'sha256', nonce: nonceField }))).toBe(toHex(theirs));
  });

  it('verifies what our timestamp server grants, and what we verify', async () => {
    const request = encodeTimestampRequest({ message, hash: 'sha256', nonce });
    const imprint = sequence(encodeHashAlgorithm('sha256'), octetString(digest('sha256', message)));
    const question = { imprint, policy: undefined, nonce: integer(nonce) };
    const response = await grant(question, testPki.timestampSigner().signingKey, NOW);
    openssl.write('root.pem', testPki.root().certificatePem);
    openssl.write('query', request);
    openssl.write('response', response);
    const verify = [
      'ts',
      '-verify',
      '-in',
      'response',
      '-CAfile',
      'root.pem',
      '-attime',
      String(NOW.getTime() / 1000),
    ];
    expect(openssl.run(...verify, '-queryfile', 'query')).toMatch(/Verification: OK/);
    const anchors = [testPki.root().certificate];
    expect(verifyTimestamp(tokenIn(response), message, anchors).problems).toEqual([]);
  });

  const answerWithOpenssl = (options: {
    hash: HashAlgorithm;
    digest: string;
    ess: string;
    policy?: string;
  }) => {
    openssl.write('signer.pem', testPki.timestampSigner().certificatePem);
    openssl.write('signer.key', testPki.timestampSigner().privateKeyPem);
    openssl.write('chain.pem', testPki.timestampSigner().chainPem);
    openssl.write('serial', '01');
    openssl.write(
      'tsa.cnf',
      [
        '[tsa]',
        'default_tsa=t',
        '[t]',
        'serial=serial',
        'signer_cert=signer.pem',
        'signer_key=signer.key',
      ].join('\n') +
        `\ncerts=chain.pem\nsigner_digest=${options.digest}\ness_cert_id_alg=${options.ess}\ndefault_policy=1.2.3.4.1\n` +
        'digests=sha1,sha256,sha384,sha512\naccuracy=secs:1,millisecs:500,microsecs:100\nordering=yes\ntsa_name=yes\nclock_precision_digits=3\n',
    );
    openssl.write(
      'query',
      encodeTimestampRequest({ message, nonce, hash: options.hash, policy: options.policy }),
    );
    openssl.run('ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'response');
    return openssl.read('response');
  };

  it.each([
    { hash: 'sha256', digest: 'sha256', ess: 'sha256' },
    { hash: 'sha1', digest: 'sha1', ess: 'sha1' },
    { hash: 'sha512', digest: 'sha384', ess: 'sha512' },
  ] as const)('grants what we verify: %p', (options) => {
    const token = tokenIn(answerWithOpenssl(options));
    const verified = verifyTimestamp(token, message, [testPki.root().certificate]);
    expect(verified.problems).toEqual([]);
    expect(toHex(verified.info.nonce!)).toBe(toHex(nonce));
    expect(Math.abs(verified.time.getTime() - Date.now())).toBeLessThan(60_000);
    expect(decodeTimestampToken(token).signedData.certificates).toHaveLength(3);
  });

  it('refuses in words that we read', () => {
    const response = answerWithOpenssl({
      hash: 'sha256',
      digest: 'sha256',
      ess: 'sha256',
      policy: '1.2.3.9',
    });
    expect(decodeTimestampResponse(response)).toEqual({
      kind: 'refused',
      reason: 'rejected, the policy is not supported, "Requested policy is not supported."',
    });
  });
});

/** The nonce is the last but one field of a request that asks for certificates. */
function decodeNonce(request: Uint8Array): Uint8Array {
  return request.subarray(request.length - 3 - 8, request.length - 3);
}
