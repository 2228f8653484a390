import { SigningError } from '../../system/error.js';
import { entryOf, isPlistDict, Real, type PlistDict, type PlistValue } from '../../system/plist/value.js';

/** One row of the `rules` or `rules2` of CodeResources: what becomes of the files whose path it matches. */
export interface Rule {
  readonly pattern: RegExp;
  readonly weight: number;
  /** The file or folder is code with a signature of its own. */
  readonly nested: boolean;
  readonly omit: boolean;
  /** May be missing (translations). */
  readonly optional: boolean;
}

/** The two generations that every seal holds: `files`, for systems before OS X 10.9.5, and `files2`. */
export interface RuleSets {
  readonly rules: PlistDict;
  readonly rules2: PlistDict;
}

const weight = (value: number, more: PlistDict = {}): PlistDict => ({ ...more, weight: new Real(value) });

/** bundlediskrep.cpp, defaultResourceRules, for bundles that have their resources in a folder of their own. */
function deepRules(): RuleSets {
  const resources = '^Resources/';
  const localized: PlistDict = {
    [`${resources}.*\\.lproj/`]: weight(1000, { optional: true }),
    [`${resources}Base\\.lproj/`]: weight(1010),
    [`${resources}.*\\.lproj/locversion.plist$`]: weight(1100, { omit: true }),
  };
  return {
    rules: { '^version.plist$': true, [resources]: true, ...localized },
    rules2: {
      ...commonRules2,
      '^[^/]+$': weight(10, { nested: true }),
      '^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/':
        weight(10, { nested: true }),
      [resources]: weight(20),
      ...localized,
    },
  };
}

/** The same for bundles whose root holds the resources, as on iOS: nothing in them counts as nested. */
function flatRules(): RuleSets {
  const localized: PlistDict = {
    '^.*\\.lproj/': weight(1000, { optional: true }),
    '^Base\\.lproj/': weight(1010),
    '^.*\\.lproj/locversion.plist$': weight(1100, { omit: true }),
  };
  return {
    rules: { '^version.plist$': true, '^.*': true, ...localized },
    rules2: { ...commonRules2, ...localized },
  };
}

const commonRules2: PlistDict = {
  '^.*': true,
  '.*\\.dSYM($|/)': weight(11),
  '^(.*/)?\\.DS_Store$': weight(2000, { omit: true }),
  '^Info\\.plist$': weight(20, { omit: true }),
  '^version\\.plist$': weight(20),
  '^embedded\\.provisionprofile$': weight(20),
  '^PkgInfo$': weight(20, { omit: true }),
};

export function defaultRules(layout: 'deep' | 'flat'): RuleSets {
  return layout === 'deep' ? deepRules() : flatRules();
}

/** @throws SigningError `MALFORMED` when a pattern is no regular expression */
export function compileRules(rules: PlistDict): readonly Rule[] {
  return Object.entries(rules).map(([pattern, value]) => compileRule(pattern, value));
}

function compileRule(pattern: string, value: PlistValue): Rule {
  const dict = isPlistDict(value) ? value : {};
  return {
    pattern: compilePattern(pattern),
    weight: weightOf(entryOf(dict, 'weight')),
    nested: entryOf(dict, 'nested') === true,
    omit: entryOf(dict, 'omit') === true || value === false,
    optional: entryOf(dict, 'optional') === true,
  };
}

const MAX_PATTERN = 500;
/** Each multiplies the work by the length of the path; Apple's own rules have one. */
const MAX_REPETITIONS = 3;

/** Apple's are POSIX extended expressions, in which a dot also stands for a line break. */
function compilePattern(pattern: string): RegExp {
  // A foreign seal must not keep a verifier busy: JavaScript's expressions go back over what they have read.
  const repetitions = pattern.match(/(?<!\\)[*+{]/g) ?? [];
  const isTame =
    pattern.length <= MAX_PATTERN && repetitions.length <= MAX_REPETITIONS && !/\)[*+{]/.test(pattern);
  if (!isTame)
    throw new SigningError(
      'MALFORMED',
      `the resource rule ${pattern.slice(0, 80)} is too costly to evaluate`,
      {
        hint: 'nobody needs such a rule: do not trust this bundle',
      },
    );
  try {
    return new RegExp(pattern, 's');
  } catch (cause) {
    throw new SigningError('MALFORMED', `the resource rule ${pattern} is not a regular expression`, {
      hint: 'the seal is damaged: sign the bundle again',
      cause,
    });
  }
}

function weightOf(value: PlistValue | undefined): number {
  if (value instanceof Real) return value.value;
  return typeof value === 'number' ? value : 1;
}

/** The matching rule that weighs most, the first among equals; undefined when the path is not sealed at all. */
export function ruleFor(path: string, rules: readonly Rule[]): Rule | undefined {
  let best: Rule | undefined;
  for (const rule of rules) {
    if (best !== undefined && rule.weight <= best.weight) continue;
    if (rule.pattern.test(path)) best = rule;
  }
  return best;
}
