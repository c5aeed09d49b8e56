import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { signatureHeaders } from "../../../src/connections/events/signature.ts";

const [OLD, NEW] = [new Uint8Array(32).fill(7), Uint8Array.from({ length: 64 }, (_, index) => index)];
const text = (secret: Uint8Array) => `whsec_${btoa(String.fromCharCode(...secret))}`;
const now = () => Math.floor(Date.now() / 1000);

test("the signature is the published vector's", async () => {
  const headers = await signatureHeaders([OLD], { id: "msg_1", timestamp: 1_700_000_000, body: '{"a":1}' });
  expect(headers).toEqual({
    "webhook-id": "msg_1",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,LInk7lWC3DLGgRP3k/Xpm933fgj/SEGrik4mpkLgnKE=",
  });
});

test("a receiver may know either of two secrets, and no other", async () => {
  const body = '{"type":"connection.updated","name":"Zoë"}';
  const headers = await signatureHeaders([NEW, OLD], { id: "evt_1", timestamp: now(), body });
  for (const secret of [OLD, NEW])
    expect(new Webhook(text(secret)).verify(body, headers)).toMatchObject({ name: "Zoë" });
  expect(() => new Webhook(text(new Uint8Array(32))).verify(body, headers)).toThrow("No matching signature found");
  expect(() => new Webhook(text(OLD)).verify(`${body} `, headers)).toThrow("No matching signature found");
  const later = { ...headers, "webhook-timestamp": String(now() + 1) };
  expect(() => new Webhook(text(OLD)).verify(body, later)).toThrow("No matching signature found");
});
