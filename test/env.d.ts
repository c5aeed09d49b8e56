declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    JWT_SECRET_KEY: string;
    TOKEN_ENCRYPTION_KEY: string;
    LOG_LEVEL: string;
    MICROSOFT_CLIENT_ID: string;
    /** How many fault schedules are run, and the seed of the first; both are whole numbers. */
    FAULT_SCHEDULES: string;
    FAULT_SEED: string;
    /** The same of the scripts of the tenant directory. */
    DIRECTORY_SCRIPTS: string;
    DIRECTORY_SEED: string;
  }
}
