import { SigningError } from '../error.js';

// The few constructs of XML 1.0 that property lists use. Nothing is ever expanded but the five entities
// and the character references of the standard itself.

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CDATA = '<![CDATA[';

export interface Tag {
  readonly name: string;
  readonly kind: 'open' | 'close' | 'empty';
}

/** Walks over the text once, from tag to tag. @throws SigningError `INVALID_PLIST` with the line */
export class XmlScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next tag, after any white space, comments, processing instructions and document types. */
  tag(): Tag {
    this.skipMisc();
    if (this.#at >= this.#text.length) throw this.error('ends too early');
    if (this.#text[this.#at] !== '<') throw this.error('has text where a tag belongs');
    const inside = this.#until('>', this.#at + 1, 'a tag');
    const kind = inside.startsWith('/') ? 'close' : inside.endsWith('/') ? 'empty' : 'open';
    const [, name = ''] = /^\/?([A-Za-z]*)/.exec(inside)!;
    return { name, kind };
  }

  /** The next tag must be `</name>`. */
  close(name: string): void {
    const tag = this.tag();
    if (tag.name !== name || tag.kind !== 'close') throw this.error(`lacks a </${name}>`);
  }

  /** Text and CDATA sections up to `</name>`, which is passed too. */
  text(name: string): string {
    let text = '';
    while (true) {
      const end = this.#text.indexOf('<', this.#at);
      if (end < 0) throw this.error(`has a <${name}> that never ends`);
      text += this.#decode(this.#text.slice(this.#at, end));
      this.#at = end;
      if (!this.#text.startsWith(CDATA, end)) break;
      text += this.#until(']]>', end + CDATA.length, 'a CDATA section');
    }
    if (this.#text.startsWith('</', this.#at)) this.close(name);
    else throw this.error(`has something other than text in a <${name}>`);
    return text;
  }

  skipMisc(): void {
    while (true) {
      while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
      if (this.#text.startsWith('<?', this.#at)) this.#skipInstruction();
      else if (this.#text.startsWith('<!--', this.#at)) this.#until('-->', this.#at + 4, 'a comment');
      else if (this.#text.startsWith('<!DOCTYPE', this.#at)) this.#skipDocumentType();
      else return;
    }
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  error(what: string): SigningError {
    let line = 1;
    for (let at = this.#text.indexOf('\n'); at >= 0 && at < this.#at; at = this.#text.indexOf('\n', at + 1))
      line++;
    return new SigningError('INVALID_PLIST', `the property list ${what}, on line ${line}`, {
      hint: '`plutil -lint` or any XML editor shows where it breaks',
    });
  }

  #until(end: string, from: number, what: string): string {
    const at = this.#text.indexOf(end, from);
    if (at < 0) throw this.error(`has ${what} that never ends`);
    this.#at = at + end.length;
    return this.#text.slice(from, at);
  }

  #skipInstruction(): void {
    const inside = this.#until('?>', this.#at + 2, 'a processing instruction');
    const encoding = /^xml\s[^?]*encoding\s*=\s*["']([^"']*)["']/.exec(inside)?.[1];
    if (encoding !== undefined && !/^(utf-?(8|16)|us-ascii)$/i.test(encoding))
      throw this.error(`is encoded in ${encoding}, only UTF-8 and UTF-16 are read`);
  }

  /** An inner `[…]` could declare entities that unfold into gigabytes; Apple's files have none. */
  #skipDocumentType(): void {
    const inside = this.#until('>', this.#at, 'a document type');
    if (inside.includes('[')) throw this.error('declares a document type of its own');
  }

  #decode(text: string): string {
    if (!text.includes('&')) return text;
    return text.replace(/&([^;]*);?/g, (reference, name: string) => {
      const decoded = reference.endsWith(';') ? decodeEntity(name) : undefined;
      if (decoded === undefined) throw this.error(`has the unknown entity ${reference.slice(0, 20)}`);
      return decoded;
    });
  }
}

function decodeEntity(name: string): string | undefined {
  if (Object.hasOwn(ENTITIES, name)) return ENTITIES[name];
  const [, hex, decimal] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
  const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
  const isCharacter = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
  return isCharacter ? String.fromCodePoint(point) : undefined;
}

/** Space, tab, line feed, carriage return: the `S` of XML 1.0, 2.3. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 9 || code === 10 || code === 13;
}
