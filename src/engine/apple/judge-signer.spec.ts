import { grant } from '../../../test/fakes/timestamp/timestamp-authority.js';
import type { TestIdentity } from '../../../test/pki/issue.js';
import { testPki } from '../../../test/pki/test-pki.js';
import { childrenOf, readOnly } from '../crypto/ber.js';
import type { Attribute } from '../crypto/cms-attribute.js';
import { decodeSignedData, type SignerInfo } from '../crypto/cms-decode.js';
import { encodeSignedData, signContent } from '../crypto/cms-encode.js';
import { integer, octetString, sequence } from '../crypto/der.js';
import { digest } from '../crypto/digest.js';
import { OID } from '../crypto/oids.js';
import { encodeHashAlgorithm } from '../crypto/signature-algorithm.js';
import { judgeChain, judgeTimestamp } from './judge-signer.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const context = { now: NOW, appleRoots: [testPki.root().certificate], where: { path: 'app' } };

/** `severity code: detail` of each finding. */
function texts({ findings }: { findings: readonly { severity: string; code: string; message: string }[] }) {
  return findings.map(
    ({ severity, code, message }) => `${severity} ${code}: ${message.split(': ').slice(1).join(': ')}`,
  );
}

/** @param attribute unsigned, made for the signature value */
async function signerWith(attribute?: (value: Uint8Array) => Promise<Attribute>): Promise<SignerInfo> {
  const signature = await signContent({
    content: { kind: 'detached', octets: new Uint8Array(8) },
    key: testPki.developerIdApplication().signingKey,
    hash: 'sha256',
    algorithmNaming: 'with-hash',
  });
  const unsigned = attribute ? [await attribute(signature.value)] : [];
  return decodeSignedData(encodeSignedData(signature, 'apple', unsigned)).signers[0]!;
}

async function timestampBy({ signingKey }: TestIdentity, message: Uint8Array): Promise<Attribute> {
  const imprint = sequence(encodeHashAlgorithm('sha256'), octetString(digest('sha256', message)));
  const response = await grant({ imprint, policy: undefined, nonce: undefined }, signingKey, NOW);
  return { oid: OID.timestampToken, values: [childrenOf(readOnly(response))[1]!.raw] };
}

describe('a timestamp', () => {
  it('by a server that leads to the roots proves the time', async () => {
    const signer = await signerWith((value) => timestampBy(testPki.timestampSigner(), value));
    const judged = judgeTimestamp(signer, context);
    expect(texts(judged)).toEqual([]);
    expect(judged.timestamp?.time).toEqual(NOW);
  });

  it('by any other server proves nothing: everyone can set one up that lies', async () => {
    const signer = await signerWith((value) => timestampBy(testPki.strangerTimestampSigner(), value));
    const judged = judgeTimestamp(signer, context);
    expect(judged.timestamp).toBeUndefined();
    expect(texts(judged)).toEqual([
      expect.stringMatching(
        /^warning INVALID_TIMESTAMP: .*Stranger Root CA.* does not lead to a trusted root$/,
      ),
    ]);
  });

  it('for another signature is an error', async () => {
    const signer = await signerWith(() => timestampBy(testPki.timestampSigner(), new Uint8Array(4)));
    expect(texts(judgeTimestamp(signer, context))).toEqual([
      'error INVALID_TIMESTAMP: it was made for something else',
    ]);
  });

  it('that stands under another name does not go unnoticed', async () => {
    const signer = await signerWith(() => Promise.resolve({ oid: '1.2.3.4', values: [integer(1)] }));
    expect(texts(judgeTimestamp(signer, context))).toEqual([
      'warning INVALID_TIMESTAMP: the unsigned attribute 1.2.3.4 is unknown',
    ]);
    expect(texts(judgeTimestamp(await signerWith(), context))).toEqual([]);
  });
});

describe('the certificates that a signature carries', () => {
  const { certificate: leaf, chain } = testPki.developerIdApplication();
  const question = { leaf, at: NOW, purpose: OID.codeSigning };

  it('are all needed, also when they have expired', () => {
    expect(texts(judgeChain({ ...question, intermediates: [leaf, ...chain] }, context))).toEqual([]);
    const late = judgeChain({ ...question, intermediates: chain, at: new Date('2100-01-01') }, context);
    expect(late.findings.map(({ code }) => code)).toEqual(['EXPIRED', 'EXPIRED', 'EXPIRED']);
  });

  it('are told of when they lead nowhere', () => {
    const stray = testPki.strangerRoot().certificate;
    const intermediates = [...chain, stray];
    expect(texts(judgeChain({ ...question, intermediates }, context))).toEqual([
      `warning CERTIFICATE: ${stray.subject.text} is no part of a chain`,
    ]);
    const appleRoots = [testPki.wwdrAuthority().certificate];
    expect(texts(judgeChain({ ...question, intermediates }, { ...context, appleRoots }))).toEqual([
      expect.stringMatching(/^warning UNTRUSTED: .*Test Root CA/),
    ]);
  });
});
