/** The properties that are asked of Graph, per resource (facts: resource types user, group, device, managedDevice in v1.0). */

/** Of user objects. */
export const USER_FIELDS = words(`
  id userPrincipalName mail displayName givenName surname accountEnabled userType jobTitle department
  companyName employeeId employeeType officeLocation mobilePhone businessPhones city country
  usageLocation preferredLanguage createdDateTime lastPasswordChangeDateTime
  signInSessionsValidFromDateTime onPremisesSyncEnabled proxyAddresses otherMails assignedLicenses
  externalUserState manager
`);

/** Of group objects. */
export const GROUP_FIELDS = words(`
  id displayName description groupTypes mail mailNickname mailEnabled securityEnabled membershipRule
  membershipRuleProcessingState visibility isAssignableToRole onPremisesSyncEnabled createdDateTime
  members owners
`);

/** Of device objects. */
export const DEVICE_FIELDS = words(`
  id deviceId displayName accountEnabled operatingSystem operatingSystemVersion trustType isCompliant
  isManaged isRooted profileType manufacturer model approximateLastSignInDateTime registrationDateTime
  onPremisesSyncEnabled
`);

/** Of managed objects. */
export const MANAGED_FIELDS = words(`
  id azureADDeviceId deviceName managedDeviceName serialNumber model manufacturer userId
  userPrincipalName managedDeviceOwnerType operatingSystem osVersion complianceState
  complianceGracePeriodExpirationDateTime lastSyncDateTime enrolledDateTime managementAgent
  deviceRegistrationState deviceEnrollmentType isEncrypted isSupervised jailBroken
  totalStorageSpaceInBytes freeStorageSpaceInBytes partnerReportedThreatState
`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
