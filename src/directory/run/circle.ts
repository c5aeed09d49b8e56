/** Notices links that lead in a circle, remembering one of them (Brent's algorithm). No I/O. */
import type { Task } from "./records.ts";

/** True where the next link is the one that is read, or one that was passed before. */
export function isCircle({ url, circle }: Task, next: string): boolean {
  return next === url || next === circle?.link;
}

/** What a task remembers after it goes on to `next`. */
export function passed(
  { circle }: { readonly circle?: Task["circle"] | undefined },
  next: string,
): Pick<Task, "circle"> {
  if (!circle) return { circle: { link: next, power: 1, steps: 0 } };
  if (circle.steps + 1 < circle.power) return { circle: { ...circle, steps: circle.steps + 1 } };
  return { circle: { link: next, power: circle.power * 2, steps: 0 } };
}
