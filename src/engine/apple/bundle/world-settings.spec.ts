import { bundleLab, SIGNERS, type SignedBundle } from '../../../../test/bundles/lab.js';
import { app, framework, inside, library, plugIn, resourceBundle } from '../../../../test/bundles/parts.js';
import { labSurroundings } from '../../../../test/lab-surroundings.js';
import { refusal } from '../../../../test/refusal.js';
import { inspect, type CodeOptions } from '../../../index.js';

const lab = bundleLab('settings');

/** An app as Electron builds it. */
const electron = app('App', {
  ...inside('Contents/Frameworks/App Helper.app', app('App Helper')),
  ...inside('Contents/Frameworks/App Helper (GPU).app', app('App Helper (GPU)')),
  ...inside('Contents/Frameworks/App Helper (Plugin).app', app('App Helper (Plugin)')),
  ...inside(
    'Contents/Frameworks/Electron Framework.framework',
    framework('Electron Framework', {
      A: { 'Libraries/libffmpeg.dylib': library(), 'Helpers/crashpad': library() },
    }),
  ),
  ...inside('Contents/XPCServices/Service.xpc', app('Service')),
  ...inside('Contents/XPCServices/Service.xpc/Contents/PlugIns/Deep.bundle', plugIn('Deep')),
  'Contents/Resources/app.asar.unpacked/addon.node': library(),
});

const GPU = 'Contents/Frameworks/App Helper (GPU).app';
const DEEP = 'Contents/XPCServices/Service.xpc/Contents/PlugIns/Deep.bundle';
const ADDON = 'Contents/Resources/app.asar.unpacked/addon.node';

interface Facts {
  readonly entitlements: unknown;
  readonly identifier: string;
  readonly flags: readonly string[];
}

async function factsOf(signed: SignedBundle, path: string): Promise<Facts> {
  const { slices } = await inspect({ path: signed.at(path) }, labSurroundings(signed.path));
  const { entitlements, codeDirectories } = slices[0]!.signature!;
  const { identifier, flagNames } = codeDirectories[0]!;
  return { entitlements, identifier, flags: flagNames.filter((name) => name !== 'adhoc') };
}

describe.each(SIGNERS)('when settings are given for paths, signed %s', (by) => {
  const paths: Record<string, CodeOptions> = {
    'Contents/Frameworks/*.app': { entitlements: { helper: true } },
    [GPU]: { entitlements: { gpu: true }, identifier: 'com.example.gpu' },
    '**/*.node': { hardenedRuntime: false, identifier: 'com.example.addon' },
    '**/Deep.bundle': { flags: ['kill'] },
  };

  it('code gets exactly its own; nothing of one piece spreads to what is in it', async () => {
    const signed = await lab.signed(electron, {
      by,
      entitlements: { main: true },
      identifier: 'com.example.main',
      paths,
    });
    const facts = (path: string) => factsOf(signed, path);
    const runtime = ['runtime'];
    expect(await facts('.')).toEqual({
      entitlements: { main: true },
      identifier: 'com.example.main',
      flags: runtime,
    });
    expect(await facts('Contents/Frameworks/App Helper.app')).toMatchObject({
      entitlements: { helper: true },
      identifier: 'com.example.App-Helper',
    });
    expect(await facts(GPU)).toEqual({
      entitlements: { gpu: true },
      identifier: 'com.example.gpu',
      flags: runtime,
    });
    expect(await facts('Contents/XPCServices/Service.xpc')).toMatchObject({
      entitlements: null,
      flags: runtime,
    });
    expect(await facts(DEEP)).toMatchObject({ entitlements: null, flags: ['kill', 'runtime'] });
    expect(await facts(ADDON)).toEqual({ entitlements: null, identifier: 'com.example.addon', flags: [] });
    const nested = signed.code.filter((path) => path !== '.' && !path.includes('App Helper'));
    for (const path of nested) expect((await facts(path)).entitlements).toBeNull();
    expect(await signed.findings()).toEqual([]);
  });
});

describe('when nested code has no identifier', () => {
  const nameless = app('App', inside('Contents/PlugIns/Looks.bundle', resourceBundle('')));

  it('the error says which, and settings for its path can give it one', async () => {
    await expect(lab.signed(nameless)).rejects.toEqual(
      refusal('INVALID_INFO_PLIST', 'Contents/PlugIns/Looks.bundle has no CFBundleIdentifier', 'identifier'),
    );
    const paths = { 'Contents/PlugIns/*': { identifier: 'com.example.looks' } };
    expect(await (await lab.signed(nameless, { paths })).findings()).toEqual([]);
  });
});
