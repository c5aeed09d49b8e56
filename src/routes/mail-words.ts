/** Words of the mail surface, as they may stand in bodies and queries. */
import * as z from "zod";
import { CONTROL } from "../mail/sasl.ts";

/** Looser than RFC 5321, which lets quoted local parts hold almost anything but blanks and another @. */
const ADDRESS = /^[^\s@]{1,64}@[^\s@]{1,253}$/;

const plain = (most: number) =>
  z
    .string()
    .regex(/\S/, "expected something")
    .max(most, `expected at most ${most} characters`)
    .refine((text) => !CONTROL.test(text), "must not hold a control character");

/** A mail address. */
export const address = z
  .string()
  .max(320)
  .refine((text) => ADDRESS.test(text) && !CONTROL.test(text), "expected a mail address");

/** A user name at a mail server, most often an address. */
export const mailbox = plain(320);

/** A mailbox's password. */
export const password = plain(1024);

/** A server as its owner writes it down. */
export const server = (usual: { readonly port: number; readonly security: "tls" | "starttls" }) =>
  z.strictObject({
    host: z.string().min(1).max(253),
    port: z.number("expected a number").int().min(1).max(65_535).default(usual.port),
    security: z.enum(["tls", "starttls"], "expected tls or starttls").default(usual.security),
  });
