/** The members that are named, and what always comes along: annotations, and the id of what has an etag. */
export function selected(entity: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  const wanted = new Set(names);
  const kept = Object.entries(entity).filter(
    ([name]) => wanted.has(name) || name.startsWith("@odata.") || (name === "id" && "@odata.etag" in entity),
  );
  return Object.fromEntries(kept);
}
