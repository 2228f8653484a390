import { refusal } from '../../../test/refusal.js';
import { COMPAT, resolveCompat, type Compat } from './compat.js';

describe('when codesign of some release is to be equalled', () => {
  it('a name stands for all its settings, and the newest is the default', () => {
    expect(resolveCompat('macos-11')).toBe(COMPAT['macos-11']);
    expect(resolveCompat()).toBe(COMPAT['macos-26']);
  });

  it('single settings change the newest', () => {
    const { cmsReserve, ...others } = resolveCompat({ cmsReserve: 30_000, digests: ['sha1', 'sha256'] });
    expect(cmsReserve).toBe(30_000);
    expect(others).toMatchObject({ arm64PageSize: 16384, digests: ['sha1', 'sha256'] });
  });

  it.each(['macos-10', 'toString', '__proto__', ''])('an unknown name is refused: %j', (name) => {
    expect(() => resolveCompat(name as 'macos-26')).toThrow(refusal('INVALID_OPTION', '', 'macos-26'));
  });

  it.each([
    [{ pageSize: 4096 }],
    [{ arm64PageSize: 8192 }],
    [{ digests: 'sha1' }],
    [{ digests: [] }],
    [{ digests: ['sha384'] }],
    [{ cmsReserve: -1 }],
    [{ cmsReserve: '18000' }],
    [{ cmsReserve: 1e12 }],
    [{ hostArch: 'arm' }],
    [{ trimsPadding: 'yes' }],
    [{ allocator: undefined }],
    [{ toString: 1 }],
  ])('an unknown setting or value is refused: %j', (settings) => {
    expect(() => resolveCompat(settings as Partial<Compat>)).toThrow(refusal('INVALID_OPTION'));
  });
});
