/** What a refused access token says about itself: read without trust, only to explain a refusal. No I/O. */

/** Resources of Microsoft that are no mail server: Graph in every cloud, by address and by application id. */
const NOT_MAIL = [
  "00000003-0000-0000-c000-000000000000",
  "https://graph.microsoft.com",
  "https://graph.microsoft.us",
  "https://dod-graph.microsoft.us",
  "https://microsoftgraph.chinacloudapi.cn",
];
/** Exchange Online, by address and by application id. */
const EXCHANGE =
  /^(?:00000002-0000-0ff1-ce00-000000000000|https:\/\/(?:outlook(?:-dod)?\.office(?:365)?\.(?:com|us)|ps\.outlook\.com|partner\.outlook\.cn))$/;
const EXCHANGE_HOST = /^(?:.+\.office365\.(?:com|us)|.+\.outlook\.(?:com|cn)|partner\.outlook\.cn)$/i;

/** True where a token says that it is meant for something else than the mail server of this host. */
export function isForAnotherResource(accessToken: string, host: string): boolean {
  const all = audiences(accessToken).map((audience) => audience.replace(/\/$/, ""));
  if (all.length === 0 || all.some((audience) => EXCHANGE.test(audience))) return false;
  return EXCHANGE_HOST.test(host) || all.some((audience) => NOT_MAIL.includes(audience));
}

/** The audiences of a JWT; none where the token is no JWT. */
function audiences(accessToken: string): string[] {
  try {
    const payload = (accessToken.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const claims: unknown = JSON.parse(atob(payload));
    const aud: unknown = typeof claims === "object" && claims !== null && "aud" in claims ? claims.aud : undefined;
    return [aud].flat().filter((one) => typeof one === "string");
  } catch {
    return [];
  }
}
