import { csreqArguments } from './csreq-arguments.js';

describe('the arguments of csreq', () => {
  it('compile', () => {
    expect(csreqArguments({ compileTo: '/tmp/r' })).toEqual(['-r-', '-b', '/tmp/r']);
  });

  it('print', () => {
    expect(csreqArguments({ print: '/tmp/r' })).toEqual(['-r', '/tmp/r', '-t']);
  });
});
