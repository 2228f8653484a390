// The public API: `import { sign, verify } from 'nx-codesign/engine'`.

export { sign, type SignOptions } from './sign.js';
export type { CodeOptions, JobOptions } from './signing-job.js';
export { verify, type Verification, type VerifiedSlice, type VerifyOptions } from './verify.js';
export { inspect, type InspectOptions, type Inspection } from './inspect.js';
export { diff, type Difference, type DiffOptions, type SignatureDiff } from './diff.js';
export type { CodeInspection } from './apple/inspect-code.js';
export type { ImageInspection } from './apple/dmg/inspect-image.js';
export type { PackageInspection } from './apple/pkg/inspect-package.js';
export { removeSignature, type RemoveSignatureOptions } from './remove-signature.js';
export { buildHelper, type BuildHelperOptions, type HelperReceipt } from './build-helper.js';
export { compileUniversal, type Compiled, type CompileOptions } from './apple/toolchain/compile-universal.js';
export { SigningError, type ErrorCode } from './system/error.js';
export type { Compat, CompatName } from './apple/compat.js';
export type { Finding, FindingCode } from './apple/finding.js';
export type {
  CodeDirectoryInspection,
  SignatureInspection,
  SliceInspection,
} from './apple/signature/inspect-slice.js';
export type { CertificateInspection, SignerInspection } from './apple/inspect-signer.js';
export type { IdentityOption } from './identity/option.js';
export type { Receipt, ReceiptCertificate, ReceiptFile } from './receipt.js';
export type { Surroundings } from './surroundings.js';
export type { Clock } from './system/clock.js';
export type { Http, HttpRequest, HttpResponse } from './system/http.js';
export type { Reporter } from './system/reporter.js';
export type { TimestampOption } from './timestamp-source.js';
