import { refusal } from '../../../test/refusal.js';
import { codeSettings, type CodeWishes } from './code-settings.js';
import { readEntitlements } from './signature/entitlements.js';
import { CODE_FLAG } from './signature/magic.js';

const entitlements = readEntitlements(
  new TextEncoder().encode('<plist><dict><key>get-task-allow</key><true/></dict></plist>'),
);
const WHOLE = '';

describe('when nothing is wished for', () => {
  it('the hardened runtime is on and all else is left to what is signed', () => {
    expect(codeSettings({}, {})(WHOLE)).toMatchObject({
      flags: CODE_FLAG.runtime,
      identifier: undefined,
      entitlements: undefined,
      requirements: undefined,
      runtimeVersion: undefined,
    });
  });

  it('it can be turned off, and other flags on', () => {
    const wishes = { hardenedRuntime: false, flags: ['kill', 'library-validation'] };
    expect(codeSettings(wishes, {})(WHOLE).flags).toBe(0x2200);
  });
});

describe('when code is nested in what is signed', () => {
  const whole: CodeWishes = {
    identifier: 'com.example.whole',
    entitlements,
    requirements: 'never',
    flags: ['kill'],
    runtimeVersion: '12.1',
  };

  it('it takes flags and runtime from the whole, but not what belongs to one piece of code', () => {
    expect(codeSettings(whole, {})('Contents/MacOS/tool')).toMatchObject({
      flags: CODE_FLAG.runtime | CODE_FLAG.kill,
      runtimeVersion: 0x000c0100,
      identifier: undefined,
      entitlements: undefined,
      requirements: undefined,
    });
  });

  it('a matching path has its own, the last of several wins, and the whole is never matched', () => {
    const settings = codeSettings(whole, {
      '**': { identifier: 'com.example.any', hardenedRuntime: false },
      'Contents/MacOS/*': { identifier: 'com.example.tool', entitlements },
    });
    expect(settings('Contents/MacOS/tool')).toMatchObject({
      identifier: 'com.example.tool',
      flags: CODE_FLAG.kill,
    });
    expect(settings('Contents/MacOS/tool').entitlements?.execFlags).toBe(0x10);
    expect(settings('Contents/Frameworks/a.dylib')).toMatchObject({ identifier: 'com.example.any' });
    expect(settings(WHOLE).identifier).toBe('com.example.whole');
  });
});

describe('when a setting makes no sense, it is refused before anything is signed:', () => {
  const cases: [string, CodeWishes, string][] = [
    ['an unknown flag', { flags: ['hardened'] }, 'runtime'],
    ['a flag that follows from who signs', { flags: ['adhoc'] }, 'runtime'],
    ['a flag that only linkers set', { flags: ['linker-signed'] }, 'runtime'],
    ['a flag that JavaScript knows', { flags: ['constructor'] }, 'runtime'],
    ['a runtime version that is none', { runtimeVersion: '13.x' }, '13.3.0'],
    ['a runtime version of zero', { runtimeVersion: '0.0' }, '13.3.0'],
    ['a runtime version with a part too large', { runtimeVersion: '13.256' }, '13.3.0'],
    ['a runtime version with too many parts', { runtimeVersion: '1.2.3.4' }, '13.3.0'],
    ['an empty identifier', { identifier: '' }, 'reverse-DNS'],
    ['an identifier with a path in it', { identifier: '../x' }, 'reverse-DNS'],
    ['an identifier with a line break', { identifier: 'a\nb' }, 'reverse-DNS'],
  ];

  it.each(cases)('%s', (_, wishes, hint) => {
    expect(() => codeSettings(wishes, {})).toThrow(refusal('INVALID_OPTION', '', hint));
    expect(() => codeSettings({}, { 'some/path': wishes })).toThrow(refusal('INVALID_OPTION', '', hint));
  });

  it('a requirement that cannot be compiled', () => {
    expect(() => codeSettings({ requirements: 'identifier' }, {})).toThrow(refusal('INVALID_REQUIREMENT'));
  });
});

describe('when requirements are given', () => {
  it('one condition is the designated requirement, and a set says what each is for', () => {
    const one = codeSettings({ requirements: 'identifier "a"' }, {})(WHOLE).requirements;
    const set = codeSettings({ requirements: 'designated => identifier "a"' }, {})(WHOLE).requirements;
    const more = codeSettings(
      { requirements: ' host => always designated => never' },
      {},
    )(WHOLE).requirements;
    expect(one).toEqual(set);
    // Count in a requirement set: after magic and length.
    expect(new DataView(more!.buffer, more!.byteOffset).getUint32(8)).toBe(2);
  });
});
