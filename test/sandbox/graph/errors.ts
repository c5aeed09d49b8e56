import type { World } from "../world.ts";

/** What a Graph error says; `more` stands beside the code in the envelope. */
export interface GraphFault {
  code: string;
  message: string;
  more?: Record<string, unknown>;
}

/** A refusal of Microsoft Graph. */
export class GraphError extends Error {
  override name = "GraphError";
  readonly status: number;
  readonly fault: GraphFault;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: { headers?: Record<string, string>; more?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.status = status;
    this.fault = { code, message, ...(extra.more !== undefined && { more: extra.more }) };
    this.headers = extra.headers ?? {};
  }
}

/** The error envelope of Graph. */
export function graphErrorBody(
  world: World,
  { code, message, more }: GraphFault,
  clientRequestId?: string,
): { error: Record<string, unknown> } {
  const id = crypto.randomUUID();
  const date = new Date(world.now()).toISOString().slice(0, 19);
  const innerError = { date, "request-id": id, "client-request-id": clientRequestId ?? id };
  return { error: { code, message, ...more, innerError } };
}

/** 400 of the mailbox: a combination of properties that cannot be. */
export function propertyValidation(message: string): GraphError {
  return new GraphError(400, "ErrorPropertyValidationFailure", `At least one property failed validation. ${message}`);
}

/** 404 of the mailbox. */
export function itemNotFound(): GraphError {
  return new GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.");
}

/** 400 of a query that Graph cannot read. */
export function badQuery(message: string): GraphError {
  return new GraphError(400, "BadRequest", message);
}
