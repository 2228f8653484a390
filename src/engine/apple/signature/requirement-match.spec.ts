import { compareNumerically } from './requirement-match.js';

describe('comparing as versions', () => {
  it.each([
    ['1.9', '1.10', -1],
    ['1.0', '1.0.0', -1],
    ['2', '10', -1],
    ['1.02', '1.2', 0],
    ['1.0b2', '1.0b10', -1],
    ['1.0', '1.a', -1],
    ['18446744073709551616', '18446744073709551615', 1],
    ['', '1', -1],
    ['a', 'a', 0],
  ])('%s and %s', (a, b, order) => {
    expect(Math.sign(compareNumerically(a, b))).toBe(order);
    expect(Math.sign(compareNumerically(b, a)) + order).toBe(0);
  });
});
