import { sentenceOf, verifyArguments } from './verdict.js';

describe("Apple's sentence", () => {
  it('stands behind the path and before the details', () => {
    const words =
      '/tmp/A.app: a sealed resource is missing or invalid\nfile modified: /tmp/A.app/Contents/Resources/data.txt\n';
    expect(sentenceOf(words)).toBe('a sealed resource is missing or invalid');
  });

  it('is none when nothing was said', () => {
    expect(sentenceOf('')).toBe('');
  });
});

describe('the arguments of the verifier', () => {
  it('leave nothing out', () => {
    expect(verifyArguments('/tmp/a')).toEqual(['--verify', '--deep', '--strict', '--verbose=4', '/tmp/a']);
  });
});
