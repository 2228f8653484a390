import { nullValue } from '../../src/engine/crypto/der.js';
import { OID } from '../../src/engine/crypto/oids.js';
import {
  authority,
  endEntity,
  extension,
  issue,
  type CertificateTemplate,
  type TestIdentity,
} from './issue.js';
import { ecKeys, once, rsaKeys } from './keys.js';

// A throw-away public key infrastructure in Apple's shape: the same chains, names in the same order, and the
// extensions by which Apple's requirements tell its certificates apart. No key outlives the process.

export const TEAM = 'TEAM123456';
const TEAM_NAME = 'Example Corporation';

const APPLE = {
  developerIdAuthority: '1.2.840.113635.100.6.2.6',
  wwdrAuthority: '1.2.840.113635.100.6.2.1',
  developerIdApplication: '1.2.840.113635.100.6.1.13',
  developerIdInstaller: '1.2.840.113635.100.6.1.14',
  iosDevelopment: '1.2.840.113635.100.6.1.2',
  macDevelopment: '1.2.840.113635.100.6.1.12',
  installerPurpose: '1.2.840.113635.100.4.13',
};

const root = once(() => rootNamed('Test Root CA'));

/** The root of nothing else here. */
const strangerRoot = once(() => rootNamed('Stranger Root CA'));

const developerIdAuthority = once(() =>
  issue(root(), {
    subject: authorityName('Test Developer ID Certification Authority', 'G2'),
    keys: rsaKeys(),
    extensions: [...authority(0), extension(APPLE.developerIdAuthority, nullValue)],
  }),
);

const wwdrAuthority = once(() =>
  issue(root(), {
    subject: authorityName('Test Worldwide Developer Relations Certification Authority', 'G3'),
    keys: rsaKeys(),
    extensions: [...authority(0), extension(APPLE.wwdrAuthority, nullValue)],
  }),
);

const timestampAuthority = once(() =>
  issue(root(), {
    subject: authorityName('Test Timestamp Certification Authority', 'Test Certification Authority'),
    keys: rsaKeys(),
    extensions: authority(),
  }),
);

/** One key for all RSA leaves: only its pairing with the certificates matters. */
const leafKeys = once(rsaKeys);
const timestampKeys = once(rsaKeys);

const developerIdApplicationTemplate = (): CertificateTemplate => ({
  subject: teamName(`Developer ID Application: ${TEAM_NAME} (${TEAM})`),
  keys: leafKeys(),
  extensions: [...endEntity(OID.codeSigning), extension(APPLE.developerIdApplication, nullValue, true)],
});

const timestampTemplate = (purposes: readonly string[]): CertificateTemplate => ({
  subject: [
    [OID.commonName, 'Test Timestamp Signer'],
    [OID.organization, 'Test Inc.'],
    [OID.country, 'US'],
  ],
  keys: timestampKeys(),
  extensions: endEntity(...purposes),
});

export const testPki = {
  root,
  strangerRoot,
  developerIdAuthority,
  wwdrAuthority,
  timestampAuthority,
  developerIdApplication: once(() => issue(developerIdAuthority(), developerIdApplicationTemplate())),
  /** Ended on 2021-12-31. */
  expiredDeveloperIdApplication: once(() =>
    issue(developerIdAuthority(), {
      ...developerIdApplicationTemplate(),
      subject: teamName(`Developer ID Application: Expired ${TEAM_NAME} (${TEAM})`),
      notAfter: new Date('2021-12-31T23:59:59Z'),
    }),
  ),
  /** Apple issues RSA for Developer ID; elsewhere elliptic curves are usual. */
  ecDeveloperIdApplication: once(() =>
    issue(developerIdAuthority(), {
      ...developerIdApplicationTemplate(),
      subject: teamName(`Developer ID Application: Elliptic ${TEAM_NAME} (${TEAM})`),
      keys: ecKeys(),
    }),
  ),
  developerIdInstaller: once(() =>
    issue(developerIdAuthority(), {
      subject: teamName(`Developer ID Installer: ${TEAM_NAME} (${TEAM})`),
      keys: leafKeys(),
      extensions: [
        ...endEntity(APPLE.installerPurpose),
        extension(APPLE.developerIdInstaller, nullValue, true),
      ],
    }),
  ),
  /** The identifier in the common name is the person's, the organizational unit the team's, as Apple has it. */
  appleDevelopment: once(() =>
    issue(wwdrAuthority(), {
      subject: teamName('Apple Development: Jane Doe (PERSON1234)'),
      keys: leafKeys(),
      extensions: [
        ...endEntity(OID.codeSigning),
        extension(APPLE.iosDevelopment, nullValue, true),
        extension(APPLE.macDevelopment, nullValue, true),
      ],
    }),
  ),
  timestampSigner: once(() => issue(timestampAuthority(), timestampTemplate([OID.timeStamping]))),
  /** May sign code too, which RFC 3161 2.3 forbids. */
  wrongPurposeTimestampSigner: once(() =>
    issue(timestampAuthority(), timestampTemplate([OID.timeStamping, OID.codeSigning])),
  ),
  strangerTimestampSigner: once(() => issue(strangerRoot(), timestampTemplate([OID.timeStamping]))),
} satisfies Record<string, () => TestIdentity>;

function rootNamed(commonName: string): TestIdentity {
  return issue(undefined, {
    subject: authorityName(commonName, 'Test Certification Authority').toReversed(), // Apple's root begins with C
    keys: rsaKeys(),
    extensions: authority(),
  });
}

function authorityName(commonName: string, unit: string): CertificateTemplate['subject'] {
  return [
    [OID.commonName, commonName],
    [OID.organizationalUnit, unit],
    [OID.organization, 'Test Inc.'],
    [OID.country, 'US'],
  ];
}

function teamName(commonName: string): CertificateTemplate['subject'] {
  return [
    [OID.userId, TEAM],
    [OID.commonName, commonName],
    [OID.organizationalUnit, TEAM],
    [OID.organization, TEAM_NAME],
    [OID.country, 'US'],
  ];
}
