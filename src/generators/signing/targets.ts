import type { TargetConfiguration } from '@nx/devkit';
import type { CompleteOptions } from './options.js';

/** What every signing task depends on besides code: a change must not be answered from the cache. */
const SETTINGS_INPUTS = [
  '{projectRoot}/signing.config.json',
  '{workspaceRoot}/signing.config.json',
  { env: 'NX_CODESIGN_IDENTITY' },
  { env: 'NX_CODESIGN_TIMESTAMP' },
  // The public SHA-256 of the certificate, set by whoever renews it. Never the key or a password: Nx's hash is unsalted.
  { env: 'NX_CODESIGN_CERTIFICATE_SHA256' },
  { externalDependencies: ['nx-codesign'] },
];

/** The targets that signing needs, by name. */
export function signingTargets(options: CompleteOptions): Record<string, TargetConfiguration> {
  return {
    ...(options.helper && { 'build-helper': buildHelperTarget(options) }),
    sign: signTarget(options),
    verify: verifyTarget(options),
  };
}

function buildHelperTarget(options: CompleteOptions): TargetConfiguration {
  return {
    executor: 'nx-codesign:build-helper',
    cache: isCacheable(options),
    inputs: ['{projectRoot}/helper/**/*', { env: 'NX_CODESIGN_COMPILER' }, ...SETTINGS_INPUTS],
    outputs: ['{options.outputPath}'],
    options: { outputPath: '{projectRoot}/dist-helper' },
    ...configurations(options),
  };
}

function signTarget(options: CompleteOptions): TargetConfiguration {
  return {
    executor: 'nx-codesign:sign',
    cache: isCacheable(options),
    dependsOn: [options.buildTarget],
    inputs: [
      // The built files themselves. A fileset of them would not do: build output is ignored by git, and Nx does not
      // hash what git ignores, so a rebuild would be answered with the signature of the build before.
      { dependentTasksOutputFiles: '**/*' },
      '{projectRoot}/*.entitlements',
      ...SETTINGS_INPUTS,
    ],
    // A folder of its own: signing in place, Nx's cache of the build would put the unsigned file back.
    outputs: ['{options.outputPath}'],
    options: { path: `{projectRoot}/${options.artifact}`, outputPath: '{projectRoot}/dist-signed' },
    ...configurations(options),
  };
}

/** Never cached: a certificate expires although no input changes, and a replayed "ok" would not notice. */
function verifyTarget({ artifact, helper, helperName }: CompleteOptions): TargetConfiguration {
  const signed = `{projectRoot}/dist-signed/${artifact.slice(artifact.lastIndexOf('/') + 1)}`;
  return {
    executor: 'nx-codesign:verify',
    cache: false,
    dependsOn: helper ? ['sign', 'build-helper'] : ['sign'],
    options: { path: helper ? [signed, `{projectRoot}/dist-helper/${helperName}.app`] : [signed] },
  };
}

/**
 * An ad-hoc signature follows from the inputs alone. A self-signed one is made with a key that only this user has, and
 * whether the certificate is there is nothing that Nx can hash: a shared cache would hand out a colleague's signature.
 */
function isCacheable({ identity }: CompleteOptions): boolean {
  return identity === 'adhoc';
}

const CERTIFICATE = { p12Env: 'APPLE_CERTIFICATE', passwordEnv: 'APPLE_CERTIFICATE_PASSWORD' };

/** Only `development` may fall back to an ad-hoc signature; `production` signs with the certificate or fails. */
function configurations({ identity }: CompleteOptions): Partial<TargetConfiguration> {
  return {
    defaultConfiguration: 'development',
    configurations: {
      development: {
        identity: identity === 'certificate' ? CERTIFICATE : identity,
        fallbackIdentity: 'adhoc',
      },
      production: { identity: CERTIFICATE },
    },
  };
}
