// Slack's rich_text blocks, as DOM nodes.

import { h } from "./dom.js";
import { emoji, withSigns } from "./emoji.js";
import { channelLink, codeBlock, mention, safeLink } from "./mrkdwn.js";
import { dateToken } from "./times.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code" };

function leaf(element) {
  if (element.type === "text") return withBreaks(element.text);
  if (element.type === "link") return [safeLink(element.url, element.text)];
  if (element.type === "user") return [mention(element.user_id)];
  if (element.type === "channel") return [channelLink(element.channel_id)];
  if (element.type === "emoji") return [emoji(element.name)];
  if (element.type === "broadcast") return [h("span", { class: "mention mention-me" }, `@${element.range}`)];
  if (element.type === "date") return [dateToken(element.timestamp, element.format)];
  return [];
}

const withBreaks = (text) => text.split("\n").flatMap((line, index) => (index ? [h("br"), ...withSigns(line)] : withSigns(line)));

function styled(element) {
  let nodes = leaf(element);
  for (const [style, tag] of Object.entries(STYLES)) if (element.style?.[style]) nodes = [h(tag, {}, nodes)];
  return nodes;
}

const rawText = (elements) => elements.map((element) => element.text ?? element.url ?? "").join("");

function part(element) {
  const inner = element.elements ?? [];
  if (element.type === "rich_text_preformatted") return codeBlock(rawText(inner), element.language ?? "");
  if (element.type === "rich_text_quote") return h("blockquote", {}, inner.map(styled));
  if (element.type === "rich_text_list") return h(element.style === "ordered" ? "ol" : "ul", { class: `indent-${element.indent ?? 0}` }, inner.map((item) => h("li", {}, (item.elements ?? []).map(styled))));
  return h("p", {}, inner.map(styled));
}

export const richText = (block) => (block.elements ?? []).map(part);
