import { checksumNamed, type ChecksumAlgorithm } from './header.js';
import { childOf, childrenOf, malformed, numberIn, parseXml, textOf, type XmlElement } from './xml.js';

/** What the table of contents says that matters to a signature. Offsets count from the start of the heap. */
export interface TableOfContents {
  readonly text: string;
  readonly element: XmlElement;
  readonly checksum: TocChecksum | undefined;
  readonly signatures: readonly TocSignature[];
  /** All that lies in the heap for the files, in the order of the heap. */
  readonly pieces: readonly HeapPiece[];
  readonly files: readonly TocFile[];
}

export interface HeapRange {
  readonly offset: number;
  readonly length: number;
}

export interface TocChecksum extends HeapRange {
  readonly element: XmlElement;
  /** Undefined for those that protect nothing. */
  readonly algorithm: ChecksumAlgorithm | undefined;
}

export interface TocSignature extends HeapRange {
  readonly element: XmlElement;
  /** `RSA` or `CMS`; anything else is unknown to Apple too. */
  readonly style: string;
  /** DER, the signer's first. */
  readonly certificates: readonly Uint8Array[];
}

export interface HeapPiece extends HeapRange {
  readonly offsetElement: XmlElement;
  /** Of the file that it belongs to. */
  readonly path: string;
  /** Of the bytes as they lie in the heap. */
  readonly checksum: { readonly style: string; readonly value: string } | undefined;
}

export interface TocFile {
  readonly path: string;
  readonly type: string;
  /** Bytes once unpacked; undefined for folders. */
  readonly size: number | undefined;
}

/** There are two: one of each style. */
const MAX_SIGNATURES = 8;

/** @throws SigningError `MALFORMED` */
export function readTableOfContents(text: string): TableOfContents {
  const root = parseXml(text);
  const element = root.name === 'xar' ? childOf(root, 'toc') : undefined;
  if (!element) throw malformed('is not one of a xar archive');
  const checksum = childOf(element, 'checksum');
  const signatures = element.children.filter(({ name }) => name === 'signature' || name === 'x-signature');
  if (signatures.length > MAX_SIGNATURES) throw malformed('has too many signatures');
  const found: Found = { pieces: [], files: [] };
  for (const file of childrenOf(element, 'file')) readFile(text, file, '', found);
  return {
    text,
    element,
    checksum: checksum && readChecksum(text, checksum),
    signatures: signatures.map((signature) => readSignature(text, signature)),
    pieces: found.pieces.sort((a, b) => a.offset - b.offset),
    files: found.files,
  };
}

/** `style="none"` has no place in the heap. */
function readChecksum(text: string, element: XmlElement): TocChecksum {
  const algorithm = checksumNamed(element.attributes.get('style') ?? '');
  const [offset, size] = [childOf(element, 'offset'), childOf(element, 'size')];
  return {
    element,
    algorithm,
    offset: offset ? numberIn(text, offset) : 0,
    length: size ? numberIn(text, size) : 0,
  };
}

function readSignature(text: string, element: XmlElement): TocSignature {
  const data = childrenOf(element, 'KeyInfo').flatMap((keyInfo) => childrenOf(keyInfo, 'X509Data'));
  const certificates = data.flatMap((each) => childrenOf(each, 'X509Certificate'));
  return {
    element,
    style: element.attributes.get('style') ?? '',
    offset: requiredNumber(text, element, 'offset'),
    length: requiredNumber(text, element, 'size'),
    certificates: certificates.map((certificate) => readBase64(textOf(text, certificate))),
  };
}

function readBase64(text: string): Uint8Array {
  const base64 = text.replace(/\s+/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    throw malformed('has a certificate that is not base64');
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

interface Found {
  readonly pieces: HeapPiece[];
  readonly files: TocFile[];
}

function readFile(text: string, file: XmlElement, parent: string, found: Found): void {
  const name = childrenOf(file, 'name')[0];
  const path = parent + (name ? textOf(text, name) : '?');
  const type = childrenOf(file, 'type')[0];
  const data = childOf(file, 'data');
  const size = data && childOf(data, 'size');
  found.files.push({
    path,
    type: type ? textOf(text, type) : '',
    size: size && numberIn(text, size),
  });
  for (const child of file.children)
    if (child.name === 'file') readFile(text, child, `${path}/`, found);
    else readPieces(text, child, path, found);
}

/** Data, extended attributes, and whatever else says of itself where in the heap it lies. */
function readPieces(text: string, element: XmlElement, path: string, found: Found): void {
  const [offset, length] = [childOf(element, 'offset'), childOf(element, 'length')];
  if (offset && length) found.pieces.push(readPiece(text, element, { offset, length }, path));
  else for (const child of element.children) readPieces(text, child, path, found);
}

function readPiece(
  text: string,
  element: XmlElement,
  place: { readonly offset: XmlElement; readonly length: XmlElement },
  path: string,
): HeapPiece {
  const checksum = childOf(element, 'archived-checksum');
  return {
    offsetElement: place.offset,
    offset: numberIn(text, place.offset),
    length: numberIn(text, place.length),
    path,
    checksum: checksum && {
      style: checksum.attributes.get('style') ?? '',
      value: textOf(text, checksum).trim().toLowerCase(),
    },
  };
}

function requiredNumber(text: string, element: XmlElement, name: string): number {
  const child = childOf(element, name);
  if (!child) throw malformed(`has a <${element.name}> without <${name}>`);
  return numberIn(text, child);
}
