/** The stand-in in this process, without its Durable Object. */
export { createSandbox } from "../sandbox/app.ts";
export { memoryStore } from "../sandbox/store.ts";
