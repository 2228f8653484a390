import { COMPAT } from '../../src/engine/apple/compat.js';
import { compatOf } from './this-mac.js';

describe('the profile of a Mac', () => {
  it.each([
    ['20.6.0', 'x64', 'macos-11', 'x86_64'],
    ['21.0.0', 'arm64', 'macos-12', 'arm64'],
    ['24.6.0', 'x64', 'macos-12', 'x86_64'],
    ['25.0.0', 'arm64', 'macos-26', 'arm64'],
    ['27.1.0', 'arm64', 'macos-26', 'arm64'],
  ] as const)('with Darwin %s on %s is %s', (darwin, cpu, name, hostArch) => {
    expect(compatOf(darwin, cpu)).toEqual({ ...COMPAT[name], hostArch });
  });

  it('is unknown before macOS 11', () => {
    expect(() => compatOf('19.6.0', 'x64')).toThrow('19.6.0');
  });
});
