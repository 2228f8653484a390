import { dirname } from 'node:path';
import { SigningError } from '../../system/error.js';
import type { CompileJob } from './compiler.js';

/** Signing adds a load command. Without room for it, `codesign` overwrites the first instructions of the program. */
export const HEADER_PADDING = '0x1000';

/** The flags that every one of our compilers understands. The same job gives the same bytes wherever its folder lies. */
export function compileFlags(job: CompileJob): string[] {
  return [
    '-std=c11',
    '-Os',
    '-Wall',
    '-Wextra',
    ...[...new Set(job.sources.map((source) => dirname(source)))].map(
      (folder) => `-ffile-prefix-map=${folder}=.`,
    ),
    ...Object.entries(job.defines).flatMap(([name, value]) => define(name, value)),
    ...job.includeFolders.flatMap((folder) => ['-I', folder]),
    ...job.compileFlags,
  ];
}

function define(name: string, value: string | number | boolean): string[] {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw invalid(name, 'it is no C identifier');
  // The rest of a line after a line break would be ignored silently, or become a directive.
  if (/[\r\n\0]/.test(String(value))) throw invalid(name, 'its value has a line break');
  if (value === false) return [];
  return [value === true ? `-D${name}` : `-D${name}=${value}`];
}

function invalid(name: string, why: string): SigningError {
  return new SigningError('INVALID_OPTION', `the define ${JSON.stringify(name)} cannot be used: ${why}`);
}

/** `text` as a C string literal; bytes that C, the preprocessor or a terminal could take for something else are escaped. */
export function cString(text: string): string {
  const escaped = [...new TextEncoder().encode(text)].map((byte) => {
    const char = String.fromCharCode(byte);
    // Always three octal digits: with fewer, a digit that follows would become part of the escape.
    // A question mark could begin a trigraph, which -std=c11 obeys.
    return /[\w !#$%&'()*+,./:;<=>@[\]^{|}~-]/.test(char) ? char : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
