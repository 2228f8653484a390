import { equal } from '../../bytes/concat.js';
import { fromHex } from '../../bytes/hex.js';
import type { ByteSource } from '../../bytes/source.js';
import { digest } from '../../crypto/digest.js';
import { digestRange } from '../../system/digest-range.js';
import { errorFinding, warningFinding, type Finding, type Where } from '../finding.js';
import type { FormatContext } from '../format.js';
import type { SliceVerdict } from '../signature/verify-slice.js';
import { unreadableFinding, unsigned } from '../unreadable.js';
import { checksumNamed, CHECKSUM_SIZES } from './header.js';
import { readHeap, readPackage, type Package } from './package.js';
import type { HeapPiece } from './table-of-contents.js';
import { verifySignatures } from './verify-signatures.js';

/** How a package is called where code has an architecture. */
const PACKAGE_ARCH = 'package';

/** Checks the checksum, every file's own, both signatures, and the signer. Nothing wrong is thrown. */
export async function verifyPackage(source: ByteSource, context: FormatContext): Promise<SliceVerdict> {
  const where = { path: context.path };
  try {
    const pkg = await readPackage(source);
    if (pkg.toc.signatures.length === 0) return unsigned(PACKAGE_ARCH, errorFinding('NOT_SIGNED', where));
    const { findings, cms } = await verifySignatures(pkg, { ...context, where });
    const all = [
      ...(await checksumFindings(pkg, where)),
      ...findings,
      ...(await fileFindings(pkg, where)),
      ...endFindings(pkg, where),
    ];
    const verdict = { arch: PACKAGE_ARCH, findings: all, cms };
    return { ...verdict, signature: undefined, infoPlist: undefined, entitlements: undefined };
  } catch (error) {
    return unsigned(PACKAGE_ARCH, unreadableFinding(error, where));
  }
}

/** The signatures cover what stands in the heap; this makes it the checksum of what stands in the table. */
async function checksumFindings(pkg: Package, where: Where): Promise<Finding[]> {
  const { checksum } = pkg.toc;
  if (!checksum?.algorithm) return [errorFinding('MODIFIED_CODE', where, 'the package has no checksum')];
  const { algorithm } = checksum;
  const isRight =
    checksum.length === CHECKSUM_SIZES[algorithm] &&
    equal(await readHeap(pkg, checksum), digest(algorithm, pkg.compressedToc));
  return isRight ? [] : [errorFinding('MODIFIED_CODE', where, 'the table of contents')];
}

async function fileFindings(pkg: Package, where: Where): Promise<Finding[]> {
  const verdicts = new Map<string, Promise<string | undefined>>();
  const findings: Finding[] = [];
  for (const piece of pkg.toc.pieces) {
    // Equal files may share one place, and then one checksum.
    const place = JSON.stringify([piece.offset, piece.length, piece.checksum]);
    const verdict = verdicts.get(place) ?? problemWith(pkg, piece);
    verdicts.set(place, verdict);
    const problem = await verdict;
    if (problem !== undefined)
      findings.push(errorFinding('SEALED_RESOURCE', where, `${JSON.stringify(piece.path)} ${problem}`));
  }
  return findings;
}

async function problemWith(
  { source, heapStart }: Package,
  { checksum, offset, length }: HeapPiece,
): Promise<string | undefined> {
  if (!checksum) return length > 0 ? 'has no checksum' : undefined;
  const algorithm = checksumNamed(checksum.style);
  if (!algorithm) return `has a checksum that protects nothing, ${JSON.stringify(checksum.style)}`;
  const [actual] = await digestRange(source, heapStart + offset, length, [algorithm]);
  const expected = fromHex(checksum.value);
  return expected && equal(actual!, expected) ? undefined : 'was modified';
}

/** Nothing covers what follows the files; of trailers macOS knows that. */
function endFindings({ source, heapStart, heapEnd, trailers }: Package, where: Where): Finding[] {
  const extra = (trailers?.start ?? source.size) - (heapStart + heapEnd);
  if (extra === 0) return [];
  return [warningFinding('MALFORMED', where, `${extra} bytes behind the last file belong to nothing`)];
}
