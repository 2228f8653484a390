import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

describe('the documents', () => {
  it('explain every error code, and no other', () => {
    const [, union = ''] = /export type ErrorCode =([^;]+);/u.exec(read('src/engine/system/error.ts')) ?? [];
    const codes = Array.from(union.matchAll(/'(\w+)'/gu), ([, code]) => code);
    const explained = Array.from(
      read('docs/errors/README.md').matchAll(/^### (\w+)$/gmu),
      ([, code]) => code,
    );
    expect(explained.sort()).toEqual(codes.sort());
  });

  it.each(DOCUMENTS)('%s links only to what is there', (document) => {
    const targets = Array.from(read(document).matchAll(/\]\((?!https?:)([^)#]+)/gu), ([, target]) => target!);
    expect(targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([]);
  });

  it('name every executor in the README', () => {
    const { executors } = JSON.parse(read('executors.json')) as { executors: object };
    expect(
      Object.keys(executors).filter((name) => !read('README.md').includes(`nx-codesign:${name}`)),
    ).toEqual([]);
  });
});
