/** The Worker. No logic: it serves the application and runs the scheduled jobs. */
import { createApp } from "./app.ts";
import { runJobs } from "./jobs/index.ts";

export { AddressKeeper } from "./objects/address-keeper.ts";
export { TenantDirectory } from "./objects/tenant-directory.ts";
export { UserKeeper } from "./objects/user-keeper.ts";

const app = createApp();

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  scheduled: (controller, env) => runJobs(controller.cron, env, controller.scheduledTime),
} satisfies ExportedHandler<Env>;
