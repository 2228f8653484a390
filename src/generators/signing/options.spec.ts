import { completeOptions } from './options.js';

describe('completeOptions', () => {
  it('needs no more than a project', () => {
    expect(completeOptions({ project: '@acme/my-daemon' })).toEqual({
      project: '@acme/my-daemon',
      artifact: 'dist/my-daemon',
      buildTarget: 'build',
      identifier: 'com.example.my-daemon',
      identity: 'self-signed',
      teamId: '',
      helper: true,
      helperName: 'MyDaemonHelper',
      helperIdentifier: 'com.example.my-daemon.helper',
      parent: 'my-daemon',
      embed: [],
      skipFormat: false,
    });
  });

  it('takes an empty answer for none', () => {
    expect(completeOptions({ project: 'daemon', identifier: '', artifact: '' })).toMatchObject({
      identifier: 'com.example.daemon',
      artifact: 'dist/daemon',
    });
  });

  it('finds names that are allowed for any project', () => {
    expect(completeOptions({ project: '@acme/7 ünïts' })).toMatchObject({ helperName: 'App7NTsHelper' });
    expect(completeOptions({ project: '日本' })).toMatchObject({
      artifact: 'dist/app',
      helperName: 'AppHelper',
    });
    expect(completeOptions({ project: 'x', artifact: 'out/My App.app' })).toMatchObject({ parent: 'My App' });
  });

  it.each([
    ['identifier', 'com.example.x" or true'],
    ['identifier', 'daemon'],
    ['identifier', 'com.example.</string>'],
    ['helperIdentifier', 'com.example.$(id)'],
    ['teamId', 'ABCDE1234'],
    ['teamId', 'ABCDE12345"'],
    ['helperName', '../../evil'],
    ['helperName', 'a"; system("id"); "'],
    ['helperName', 'a\nb'],
    ['parent', 'daemon,"evil'],
    ['parent', 'daemon,,x'],
    ['artifact', '../daemon'],
    ['artifact', '/etc/passwd'],
    ['artifact', 'dist/{projectRoot}'],
    ['buildTarget', 'build && id'],
    ['identity', 'nobody'],
  ])('refuses --%s=%j, which is more than a name', (option, value) => {
    expect(() => completeOptions({ project: 'daemon', [option]: value })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`--${option} cannot be`) as string,
      }) as Error,
    );
  });

  it('refuses a language that no module is written for', () => {
    expect(() => completeOptions({ project: 'daemon', embed: ['perl' as 'go'] })).toThrow(
      '--embed cannot be "perl"',
    );
  });
});
