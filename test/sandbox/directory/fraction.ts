/** Always the same number in [0, 1) for the same seed and parts, spread evenly. Parts that are numbers are the fastest. */
export function fraction(seed: number, ...parts: readonly (string | number)[]): number {
  return hash32(seed, parts) / 0x1_0000_0000;
}

/** Always the same unsigned 32 bits for the same seed and parts. */
export function hash32(seed: number, parts: readonly (string | number)[]): number {
  let hash = mixed(0x9e3779b9, seed);
  for (const part of parts) hash = typeof part === "number" ? mixed(hash, part) : mixedText(hash, part);
  return finished(hash);
}

/** The entry of a list that a fraction falls on. Throws on an empty list. */
export function pick<T>(list: readonly T[], at: number): T {
  const one = list[Math.floor(at * list.length)];
  if (one === undefined) throw new RangeError("nothing to pick from");
  return one;
}

/** A generator of fractions that starts from a seed: for scripts, where each step asks for several. */
export function randomFrom(seed: number): () => number {
  let step = 0;
  return () => fraction(seed, "random", step++);
}

/** A walk that meets each of `size` indexes once, in no order; `placeOf` says when it meets one, without walking. */
export function permutation(size: number, first: number, second: number) {
  const offset = Math.floor(first * size);
  let step = 1 + Math.floor(second * size);
  // Steps that share no divisor with the size meet everything.
  while (divisor(step, size) > 1) step++;
  return {
    at: (place: number) => (offset + place * step) % size,
    placeOf: (index: number) => (((index - offset + size) % size) * inverse(step % size, size)) % size,
  };
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

function inverse(value: number, modulus: number): number {
  let [previous, current, from, to] = [0, 1, modulus, value];
  while (to > 1) {
    const quotient = Math.floor(from / to);
    [previous, current, from, to] = [current, previous - quotient * current, to, from - quotient * to];
  }
  return modulus === 1 ? 0 : ((current % modulus) + modulus) % modulus;
}

function mixedText(hash: number, text: string): number {
  let mix = hash;
  for (let at = 0; at < text.length; at++) mix = Math.imul(mix ^ text.charCodeAt(at), 0x01000193);
  return mixed(mix, text.length);
}

// The rounds of MurmurHash3.
function mixed(hash: number, value: number): number {
  let word = Math.imul(value | 0, 0xcc9e2d51);
  word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
  const mix = hash ^ word;
  return (Math.imul((mix << 13) | (mix >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
