/** Answers questions about the copy. Reads only; everything that a question names is checked before it comes here. */
import { Failure, ok, type Result } from "../../lib/errors.ts";
import type { Sql } from "../store/sql.ts";
import { lineOf } from "./cells.ts";
import { readChanges } from "./changes.ts";
import { readInsights } from "./insights.ts";
import { readLog } from "./logs.ts";
import { readMembers } from "./members.ts";
import { readObjects } from "./objects.ts";
import type { Answer, Found, Question } from "./question.ts";
import { readObject } from "./shown.ts";

/** The answer to a question. Failures: `not_found`; `validation_failed` where the copy does not know what it is asked for. */
export function answer(sql: Sql, question: Question): Result<Answer> {
  try {
    const found = answerOf(sql, question);
    const { table } = question;
    return ok({ ...found, rows: found.rows.map((row) => (table ? lineOf(table, row) : JSON.stringify(row))) });
  } catch (error) {
    if (error instanceof Failure) return { ok: false, failure: error.toData() };
    throw error;
  }
}

function answerOf(sql: Sql, question: Question): Found {
  switch (question.ask) {
    case "objects":
      return readObjects(sql, question);
    case "object":
      return readObject(sql, question);
    case "members":
      return readMembers(sql, question);
    case "log":
      return readLog(sql, question);
    case "changes":
      return readChanges(sql, question);
    case "insights":
      return { rows: [readInsights(sql, question)] };
  }
}
