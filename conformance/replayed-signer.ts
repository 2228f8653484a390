import { buildChain } from '../src/engine/crypto/chain.js';
import { decodeSignedData, type SignerInfo } from '../src/engine/crypto/cms-decode.js';
import { verifySignedData } from '../src/engine/crypto/cms-verify.js';
import type { SigningKey } from '../src/engine/crypto/signing-key.js';
import type { Timestamp } from '../src/engine/crypto/timestamp.js';
import { verifyTimestamp } from '../src/engine/crypto/timestamp-verify.js';
import { appleRoots } from '../src/engine/apple/certificates.js';
import { signingTimeOf } from '../src/engine/apple/judge-signer.js';
import type { Compat } from '../src/engine/apple/compat.js';
import { timestampTokenOf } from '../src/engine/apple/signature/cms-signature.js';
import type { Signer } from '../src/engine/apple/signature/sign-macho.js';
import { adhocSigner, keySigner } from '../src/engine/apple/signature/signer.js';

/** Signs as somebody did whose key is not ours: what only that key and the timestamp server could make is put in again. */
export interface ReplayedSigner {
  readonly signer: Signer;
  /** DER SET OF: what the key was asked to sign, one for each architecture. */
  readonly signedAttributes: readonly Uint8Array[];
}

/** @param cms of the original signature; empty when it was made ad-hoc */
export async function replayedSigner(cms: Uint8Array, compat: Compat): Promise<ReplayedSigner> {
  if (cms.length === 0) return { signer: adhocSigner(compat), signedAttributes: [] };
  const signedData = decodeSignedData(cms);
  const { signer: info, certificate } = verifySignedData(signedData);
  const { chain } = buildChain(certificate!, signedData.certificates);
  const signedAttributes: Uint8Array[] = [];
  const key: SigningKey = {
    certificate: certificate!,
    chain: chain.slice(1),
    algorithm: 'rsa',
    sign: (message) => {
      signedAttributes.push(message);
      return Promise.resolve(info!.signature);
    },
  };
  const signer = keySigner({
    key,
    compat,
    signingTime: signingTimeOf(info!),
    timestamp: replayedTimestamp(info!),
    appleRoots: await appleRoots(),
  });
  return { signer, signedAttributes };
}

function replayedTimestamp(info: SignerInfo): ((value: Uint8Array) => Promise<Timestamp>) | undefined {
  const token = timestampTokenOf(info);
  if (!token) return undefined;
  const { time, signer, certificates } = verifyTimestamp(token, info.signature);
  return () => Promise.resolve({ token, time, server: '', signer: signer!, certificates });
}
