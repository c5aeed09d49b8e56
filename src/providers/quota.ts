/** What a provider itself allows. No I/O. */

/** A limit of the provider's own. */
export interface Quota {
  /** What is counted. */
  readonly of: string;
  readonly amount: number;
  /** In how long, s. */
  readonly windowS: number;
  /** Whose calls count together. */
  readonly per: string;
  readonly note?: string;
}
