import { childrenOf, malformed, readOid, sequenceFields, type BerNode } from './ber.js';
import { oid, sequence, set, TAG } from './der.js';

/** One attribute of a signer (RFC 5652 5.3): its values are whole encoded ones. */
export interface Attribute {
  readonly oid: string;
  readonly values: readonly Uint8Array[];
}

export function encodeAttribute(attribute: Attribute): Uint8Array {
  return sequence(oid(attribute.oid), set(...attribute.values));
}

/** Attributes as a signature holds them. */
export interface AttributeSet {
  /** With the tag they have in the file, `[0]` or `[1]`. */
  readonly raw: Uint8Array;
  readonly attributes: readonly Attribute[];
}

export function readAttributes(node: BerNode): AttributeSet {
  return { raw: node.raw, attributes: childrenOf(node).map(readAttribute) };
}

/**
 * The value of an attribute that may be there once with one value, as RFC 5652 11 demands of each attribute
 * that decides anything: with two, two readers could believe different ones.
 * @throws SigningError `MALFORMED` when there is more than one
 */
export function onlyValue(set: AttributeSet | undefined, oid: string): Uint8Array | undefined {
  const values = (set?.attributes ?? [])
    .filter((attribute) => attribute.oid === oid)
    .map(({ values }) => values);
  if (values.length === 0) return undefined;
  if (values.length > 1 || values[0]!.length !== 1)
    throw malformed(`attribute ${oid} does not have one value`);
  return values[0]![0];
}

function readAttribute(node: BerNode): Attribute {
  const fields = sequenceFields(node);
  return {
    oid: readOid(fields.take(TAG.oid)),
    values: childrenOf(fields.take(TAG.set)).map((value) => value.raw),
  };
}
