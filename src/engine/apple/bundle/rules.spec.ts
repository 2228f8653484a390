import { refusal } from '../../../../test/refusal.js';
import { Real } from '../../system/plist/value.js';
import { compileRules, defaultRules, ruleFor, type Rule } from './rules.js';

const KINDS = ['nested', 'omit', 'optional'] as const;

/** The flags of the rule that decides, or `sealed` for none, `free` when no rule matches. */
function fate(path: string, rules: readonly Rule[]): string {
  const rule = ruleFor(path, rules);
  if (!rule) return 'free';
  return KINDS.filter((kind) => rule[kind]).join(' ') || 'sealed';
}

describe('when a path in an app or framework is looked up', () => {
  const { rules, rules2 } = defaultRules('deep');
  it.each([
    ['Info.plist', 'omit', 'free'],
    ['PkgInfo', 'omit', 'free'],
    ['version.plist', 'sealed', 'sealed'],
    ['embedded.provisionprofile', 'sealed', 'free'],
    ['anything.else', 'nested', 'free'],
    ['MacOS/tool', 'nested', 'free'],
    ['Frameworks/A.framework', 'nested', 'free'],
    ['Library/LoginItems/Helper.app', 'nested', 'free'],
    ['Library/Other/file', 'sealed', 'free'],
    ['MacOS/tool.dSYM/Contents/Info.plist', 'sealed', 'free'],
    ['Resources/data', 'sealed', 'sealed'],
    ['Resources/deep/er/Info.plist', 'sealed', 'sealed'],
    ['Resources/en.lproj/a.strings', 'optional', 'optional'],
    ['Resources/Base.lproj/a.nib', 'sealed', 'sealed'],
    ['Resources/en.lproj/locversion.plist', 'omit', 'omit'],
    ['Resources/.DS_Store', 'omit', 'sealed'],
    ['.DS_Store', 'omit', 'free'],
    ['Resources/a\nb', 'sealed', 'sealed'],
  ])('%s is %s, and for old systems %s', (path, modern, old) => {
    expect(fate(path, compileRules(rules2))).toBe(modern);
    expect(fate(path, compileRules(rules))).toBe(old);
  });
});

describe('when a path in a flat bundle is looked up', () => {
  it.each([
    ['Info.plist', 'omit'],
    ['PkgInfo', 'omit'],
    ['Frameworks/a.dylib', 'sealed'],
    ['en.lproj/a.strings', 'optional'],
    ['Base.lproj/a.nib', 'sealed'],
    ['data', 'sealed'],
  ])('%s is %s: nothing counts as nested', (path, wanted) => {
    expect(fate(path, compileRules(defaultRules('flat').rules2))).toBe(wanted);
  });
});

describe('when rules of a seal are read', () => {
  it('the heaviest that matches decides, the first among equals', () => {
    const rules = compileRules({
      '^a': { omit: true, weight: new Real(5) },
      '^ab': { nested: true, weight: 5 },
      '^abc': { optional: true, weight: new Real(5.5) },
      '': true,
    });
    expect(['abc', 'ab', 'b'].map((path) => fate(path, rules))).toEqual(['optional', 'omit', 'sealed']);
  });

  it('false leaves a file out, as omit does', () => {
    expect(fate('a', compileRules({ '^a': false }))).toBe('omit');
  });

  it('a pattern that is none is named', () => {
    expect(() => compileRules({ '(': true })).toThrow(refusal('MALFORMED', '(', 'damaged'));
  });
});

describe('when a foreign seal has costly rules', () => {
  it.each(['^(a+)+$', '(x*)*', '(a|aa){9,}$', '.*.*.*.*b', '^' + 'a'.repeat(600)])(
    'refuses %s',
    (pattern) => {
      expect(() => compileRules({ [pattern]: true })).toThrow('too costly');
    },
  );

  it.each(['^.*/.*\\.framework/.*', 'C\\+\\+.*', '^(.*/)?\\.DS_Store$'])('takes %s', (pattern) => {
    expect(compileRules({ [pattern]: true })).toHaveLength(1);
  });
});
