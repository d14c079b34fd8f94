// Markdown as in Slack's markdown blocks, as DOM nodes.

import { h } from "./dom.js";
import { emoji as emojiNode, withSigns } from "./emoji.js";
import { channelLink, codeBlock, mention, safeLink, unescape } from "./mrkdwn.js";

const INLINE = /`([^`\n]+)`|\[([^\]\n]+)\]\(([^()\s]+)\)|\*\*(\S(?:[^\n]*?\S)?)\*\*|(?<![\w*])\*(\S(?:[^*\n]*?\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]*?\S)?)_(?![\w_])|~~([^~\n]+)~~|<([@#])([A-Z0-9]+)(?:\|[^>]*)?>|(https?:\/\/[^\s<>)\]]+)|:([a-z0-9_+-]+):|\\([\\`*_{}[\]()#+.!|~-])|\n/g;

function inline(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > last) nodes.push(...withSigns(unescape(text.slice(last, match.index))));
    nodes.push(inlineNode(match));
    last = match.index + match[0].length;
  }
  if (last < text.length) nodes.push(...withSigns(unescape(text.slice(last))));
  return nodes;
}

function inlineNode([, code, label, address, bold, star, italic, strike, sign, id, url, emoji, escaped]) {
  if (code !== undefined) return h("code", {}, unescape(code));
  if (label !== undefined) return safeLink(address, unescape(label));
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (star !== undefined) return h("em", {}, inline(star));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  if (sign !== undefined) return sign === "@" ? mention(id) : channelLink(id);
  if (url !== undefined) return safeLink(url, url);
  if (emoji !== undefined) return emojiNode(emoji);
  return escaped ?? h("br");
}

const RULES = [
  { start: /^\s*(`{3,}|~{3,})\s*([\w+-]*)/, read: fence },
  { start: /^(#{1,6})\s+(.*)$/, read: heading },
  { start: /^\s*([-*_])(\s*\1){2,}\s*$/, read: (lines) => [h("hr"), lines.slice(1)] },
  { start: /^\s*(?:&gt;|>)/, read: quote },
  { start: /^\s*(?:[-*+]|\d+[.)])\s+/, read: list },
  { start: /^\s*\|.*\|\s*$/, read: table },
];

export function markdown(text) {
  const nodes = [];
  let lines = text.replace(/\r/g, "").split("\n");
  while (lines.length) {
    if (!lines[0].trim()) { lines = lines.slice(1); continue; }
    const rule = RULES.find(({ start }) => start.test(lines[0]));
    const [node, rest] = (rule?.read ?? paragraph)(lines, rule);
    nodes.push(node);
    lines = rest;
  }
  return nodes;
}

function paragraph(lines) {
  let end = 1;
  while (end < lines.length && lines[end].trim() && !RULES.some(({ start }) => start.test(lines[end]))) end += 1;
  return [h("p", {}, inline(lines.slice(0, end).join("\n"))), lines.slice(end)];
}

function fence(lines) {
  const [, mark, language] = RULES[0].start.exec(lines[0]);
  let end = 1;
  while (end < lines.length && !lines[end].trim().startsWith(mark)) end += 1;
  return [codeBlock(unescape(lines.slice(1, end).join("\n")), language), lines.slice(end + 1)];
}

function heading(lines) {
  const [, marks, text] = RULES[1].start.exec(lines[0]);
  return [h(`h${Math.min(6, marks.length + 2)}`, { class: "md-heading" }, inline(text)), lines.slice(1)];
}

function quote(lines) {
  let end = 0;
  while (end < lines.length && /^\s*(?:&gt;|>)/.test(lines[end])) end += 1;
  const inner = lines.slice(0, end).map((line) => line.replace(/^\s*(?:&gt;|>)\s?/, ""));
  return [h("blockquote", {}, inline(inner.join("\n"))), lines.slice(end)];
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

function list(lines) {
  const [, indent, mark] = ITEM.exec(lines[0]);
  const root = h(/\d/.test(mark) ? "ol" : "ul");
  if (/\d/.test(mark)) root.setAttribute("start", String(Number.parseInt(mark, 10)));
  let rest = lines;
  while (rest.length) {
    const match = ITEM.exec(rest[0]);
    if (match && match[1].length > indent.length && root.lastChild) {
      const [nested, after] = list(rest);
      root.lastChild.append(nested);
      rest = after;
    } else if (match && match[1].length === indent.length) {
      root.append(h("li", {}, inline(match[3])));
      rest = rest.slice(1);
    } else if (!match && rest[0].trim() && /^\s{2,}/.test(rest[0]) && root.lastChild) {
      root.lastChild.append(" ", ...inline(rest[0].trim()));
      rest = rest.slice(1);
    } else break;
  }
  return [root, rest];
}

function table(lines) {
  let end = 0;
  while (end < lines.length && RULES[5].start.test(lines[end])) end += 1;
  const rows = lines.slice(0, end).map((line) => line.trim().slice(1, -1).split("|").map((cell) => cell.trim()));
  const ruled = rows.length > 1 && rows[1].every((cell) => /^:?-+:?$/.test(cell));
  const body = h("tbody");
  const head = h("thead");
  rows.forEach((cells, index) => {
    if (ruled && index === 1) return;
    const isHead = ruled && index === 0;
    (isHead ? head : body).append(h("tr", {}, cells.map((cell) => h(isHead ? "th" : "td", {}, inline(cell)))));
  });
  return [h("div", { class: "table-scroll" }, h("table", {}, head, body)), lines.slice(end)];
}
