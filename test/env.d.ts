declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    JWT_SECRET_KEY: string;
    TOKEN_ENCRYPTION_KEY: string;
  }
}
