/** What the owner did and was told, by the schedule's clock; from it follows what may be true in the end. */

/** Something that took time. `end` is Infinity while it has not ended, and for ever where its life ended first. */
interface Span {
  readonly start: number;
  end: number;
  confirmed: boolean;
}

/** An empty ledger. `now`: ms. */
export function createLedger(now: () => number) {
  const connects: Span[] = [];
  const disconnects: Span[] = [];
  let revokedAt = -Infinity;
  const begin = (spans: Span[]): Span => {
    const span = { start: now(), end: Infinity, confirmed: false };
    spans.push(span);
    return span;
  };
  const close = (span: Span, confirmed: boolean) => Object.assign(span, { end: now(), confirmed });
  /** Nothing connects during or after it: from its end on nobody may be served. */
  const isFinal = (gone: Span) => gone.confirmed && connects.every((span) => span.end < gone.start);
  return {
    connecting: () => begin(connects),
    disconnecting: () => begin(disconnects),
    close,
    revoked() {
      revokedAt = now();
    },
    connectedOnce: () => connects.length === 1,
    isConnected: () => connects.some((span) => span.confirmed),
    /** True where a disconnect was confirmed and nothing was connected since. */
    mustNotBeServed: () => disconnects.some(isFinal),
    /** True where a sign-in was confirmed that no disconnect can have undone. */
    mustBeConnected: () =>
      connects.some((span) => span.confirmed && disconnects.every((gone) => gone.end < span.start)),
    /** True where the user revoked the grant at the provider and no sign-in was confirmed that began later. */
    mayBeRevoked: () => !connects.some((span) => span.confirmed && span.start > revokedAt) && revokedAt > -Infinity,
    /** True where that disconnect stands alone: no sign-in overlapped it. */
    isAlone: (gone: Span) => connects.every((span) => span.end < gone.start),
  };
}
