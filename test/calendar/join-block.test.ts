import { expect, test } from "vitest";
import { keepJoinBlock } from "../../src/calendar/join-block.ts";

const RULE = "_".repeat(80);
const JOIN = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc?context=%7b%22Tid%22%3a%221%22%7d&x=1";
const BLOCK =
  `<div style="width:100%; height:20px"><span>${RULE}</span></div><div class="me-email-text">` +
  `<a href="${JOIN.replace("&", "&amp;")}">Join</a></div><div style="width:100%"><span>${RULE}</span></div>`;
const HTML = { contentType: "html", content: `<html><body><div>Old words</div><br>${BLOCK}</body></html>` };
const current = (body = HTML, joinUrl: string | null = JOIN) => ({ body, joinUrl });

test("new text is put above the join block, as harmless HTML", () => {
  const kept = keepJoinBlock({ contentType: "text", content: "a < b & c\nline 2" }, current());
  expect(kept).toEqual({ contentType: "html", content: `<div>a &lt; b &amp; c<br>line 2</div><br>${BLOCK}` });
});

test("new HTML keeps its own frame around the join block", () => {
  const kept = keepJoinBlock({ contentType: "html", content: "<html><body><p>New</p></body></html>" }, current());
  expect(kept?.content).toBe(`<html><body><p>New</p><br>${BLOCK}</body></html>`);
});

test("a body that has kept the link is left as the caller wrote it", () => {
  const next = { contentType: "html", content: `<p>New</p>${BLOCK}` };
  expect(keepJoinBlock(next, current())).toBe(next);
});

test("a body without a join block has nothing to lose", () => {
  const next = { contentType: "text", content: "New" };
  expect(keepJoinBlock(next, current({ contentType: "html", content: "<p>Old</p>" }))).toBe(next);
});

test("a block in plain text stays plain text", () => {
  const content = `Old words\n${RULE}\nJoin: ${JOIN}\n${RULE}\n`;
  const kept = keepJoinBlock({ contentType: "text", content: "New" }, current({ contentType: "text", content }));
  expect(kept).toEqual({ contentType: "text", content: `New\n\n${RULE}\nJoin: ${JOIN}\n${RULE}` });
});

test("a block is found by its Teams link where the event's own URL is not known or another", () => {
  for (const joinUrl of [null, "https://teams.microsoft.com/l/meetup-join/other"]) {
    const kept = keepJoinBlock({ contentType: "html", content: "New" }, current(HTML, joinUrl));
    expect(kept?.content).toContain(BLOCK);
  }
});

test("a block without lines is found by the mark of Teams, nested elements and all", () => {
  const block = `<div class="me-email-text"><div>Teams</div><a href="${JOIN}">Join</a></div>`;
  const content = `<p>Old</p><div>${block}</div><p>below</p>`;
  const kept = keepJoinBlock({ contentType: "html", content: "New" }, current({ contentType: "html", content }));
  expect(kept?.content).toBe(`New<br>${block}`);
});

test("lines and links of the user's own around the block are not part of it", () => {
  const content = `<p><a href="${JOIN}">mine</a></p><div>${RULE}</div><p>Old</p>${BLOCK}<p>Old</p>`;
  const kept = keepJoinBlock({ contentType: "html", content: "New" }, current({ contentType: "html", content }));
  expect(kept?.content).toBe(`New<br>${BLOCK}`);
});

test("a link that cannot be told from the rest of the body is not guessed at", () => {
  const content = `<p>Join <a href="${JOIN}">here</a></p>`;
  expect(
    keepJoinBlock({ contentType: "html", content: "New" }, current({ contentType: "html", content })),
  ).toBeUndefined();
});

test("lines that the user drew are not taken for the block", () => {
  const content = `<p><a href="${JOIN}">here</a></p><div>${RULE}</div><div>mine</div><div>${RULE}</div>`;
  expect(
    keepJoinBlock({ contentType: "html", content: "New" }, current({ contentType: "html", content })),
  ).toBeUndefined();
});
