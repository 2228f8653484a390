import { isIssuedBy, isNamedIssuerOf, isSelfIssued, type Certificate } from './certificate.js';

export interface BuiltChain {
  /** Leaf first, each followed by its issuer. */
  readonly chain: readonly Certificate[];
  /**
   * Why it ends: with an anchor, with a self-signed root, because no issuer is at hand, or because every
   * certificate that has the issuer's name failed to verify the signature.
   */
  readonly end: 'anchor' | 'root' | 'missing' | 'broken';
}

/** No path that anyone trusts is longer; each step costs signature checks. */
const MAX_LENGTH = 10;

/**
 * The shortest way from `leaf` to an anchor or, where none is reached, the longest way up. Authorities
 * cross-sign and renew each other, so that a certificate can have several issuers of one name and key; each
 * candidate is tried once, which keeps hostile collections of them from costing more than their number squared.
 * @param at certificates valid then are preferred
 */
export function buildChain(
  leaf: Certificate,
  candidates: readonly Certificate[],
  anchors: readonly Certificate[] = [],
  at?: Date,
): BuiltChain {
  const isAnchor = (certificate: Certificate) => anchors.some(({ sha256 }) => sha256 === certificate.sha256);
  const unused = new Map(preferValid(candidates, at).map((candidate) => [candidate.sha256, candidate]));
  unused.delete(leaf.sha256);
  let longest: BuiltChain | undefined;
  const ways: Certificate[][] = [[leaf]];
  for (let way = ways.shift(); way; way = ways.shift()) {
    const last = way.at(-1)!;
    if (isAnchor(last)) return { chain: way, end: 'anchor' };
    const named = isRoot(last) ? [] : [...unused.values()].filter((other) => isNamedIssuerOf(other, last));
    const issuers = way.length < MAX_LENGTH ? named.filter((other) => isIssuedBy(last, other)) : [];
    for (const issuer of issuers) {
      unused.delete(issuer.sha256);
      ways.push([...way, issuer]);
    }
    if (issuers.length === 0 && (longest === undefined || way.length > longest.chain.length))
      longest = { chain: way, end: endOf(last, named) };
  }
  return longest!;
}

function preferValid(candidates: readonly Certificate[], at: Date | undefined): Certificate[] {
  if (at === undefined) return [...candidates];
  const rank = ({ notBefore, notAfter }: Certificate) => (notBefore <= at && at <= notAfter ? 0 : 1);
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}

/** By its signature, not by its name alone: authorities certify their new key under their old name. */
function isRoot(certificate: Certificate): boolean {
  return isSelfIssued(certificate) && isIssuedBy(certificate, certificate);
}

function endOf(last: Certificate, namedIssuers: readonly Certificate[]): BuiltChain['end'] {
  if (namedIssuers.length > 0) return 'broken';
  return isRoot(last) ? 'root' : 'missing';
}
