/** A certificate authority of one run, and a certificate by it for this machine's own names. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";

/** Files in PEM. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes them in `folder`, good for a day, by openssl, which Dovecot brings. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const ca = ["-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "1", "-subj", "/CN=Authority of a test run"];
  openssl("req", "-x509", ...newKey, ...ca);
  openssl("req", ...newKey, "-keyout", file("mail.key"), "-out", file("mail.csr"), "-subj", "/CN=localhost");
  writeFileSync(file("mail.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const signed = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-extfile", file("mail.ext")];
  openssl("x509", "-req", "-in", file("mail.csr"), "-out", file("mail.pem"), "-days", "1", ...signed);
  return { ca: file("ca.pem"), certificate: file("mail.pem"), key: file("mail.key") };
}
