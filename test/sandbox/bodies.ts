const bodies = new WeakMap<Request, string>();

/**
 * Reads the body of a request, once, and keeps it for `bodyOf`. A body that nobody reads makes workerd complain,
 * and so does text() on a form.
 */
export async function readBody(request: Request): Promise<string> {
  const body = new TextDecoder().decode(await request.arrayBuffer());
  bodies.set(request, body);
  return body;
}

/** The body that was read when the request arrived. */
export function bodyOf(request: Request): string {
  return bodies.get(request) ?? "";
}
