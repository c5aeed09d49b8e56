/** What is used of Node's module, which workerd has; the Worker's own types leave Node's modules out. */
declare module "node:crypto" {
  /** A certificate. Throws where the bytes are none. */
  export class X509Certificate {
    constructor(der: Uint8Array);
    /** When it ends, such as `Oct 28 11:38:12 2126 GMT`. */
    readonly validTo: string;
  }
}
