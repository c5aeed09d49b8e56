/** What was found out, in words. No I/O. */

/** @typedef {import("./probe.mjs").Capability} Capability */

const STATUS = /** @type {const} */ ({
  available: "works",
  permission_missing: "permission missing",
  licence_missing: "licence missing",
  service_missing: "service missing",
  unknown: "not known",
});

/**
 * @param {readonly Capability[]} capabilities
 * @param {string} [adminConsentUrl]
 */
export function capabilityReport(capabilities, adminConsentUrl) {
  const rows = capabilities.map(({ resource, status, missing, detail }) => [
    resource.replaceAll("_", " "),
    STATUS[status],
    [...missing, ...(detail === undefined ? [] : [detail])].join(", "),
  ]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
  return [...lines, ...consentAdvice(capabilities, adminConsentUrl)].join("\n");
}

/**
 * @param {readonly Capability[]} capabilities
 * @param {string | undefined} url
 */
function consentAdvice(capabilities, url) {
  const lacking = capabilities.filter(({ status }) => status === "permission_missing");
  if (lacking.length === 0 || url === undefined) return [];
  const permissions = [...new Set(lacking.flatMap(({ missing }) => missing))];
  return [
    "",
    `Add to the registration (API permissions, Microsoft Graph, Application permissions): ${permissions.join(", ")}`,
    `Then an administrator of the tenant opens: ${url}`,
  ];
}
