// Slack's mrkdwn, as DOM nodes.

import { h, icon } from "./dom.js";
import { emoji as emojiNode, withSigns } from "./emoji.js";
import { store } from "./store.js";
import { dateToken } from "./times.js";

const UNESCAPED = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
export const unescape = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => UNESCAPED[entity]);

export function safeLink(address, label) {
  if (!/^(https?:|mailto:)/i.test(address)) return document.createTextNode(label || address);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, label || address);
}

export function mention(userId) {
  const user = store.users.get(userId);
  const mine = userId === store.actor ? " mention-me" : "";
  return h("span", { class: `mention${mine}` }, `@${user ? user.handle : userId}`);
}

export function channelLink(channelId, label) {
  const channel = store.channels.get(channelId);
  return h("span", { class: "mention" }, `#${channel?.name ?? label ?? channelId}`);
}

export function codeBlock(text, language = "") {
  const copy = h("button", { class: "copy", type: "button", "aria-label": "Copy", title: "Copy" }, icon("copy", 15));
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.replaceChildren(icon("check", 15));
    setTimeout(() => copy.replaceChildren(icon("copy", 15)), 1500);
  });
  const label = language && h("span", { class: "code-language" }, language);
  return h("div", { class: "code-block" }, label, copy, h("pre", { tabindex: "0" }, h("code", {}, text)));
}

function angle(content) {
  const bar = content.indexOf("|");
  const head = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? "" : unescape(content.slice(bar + 1));
  if (head.startsWith("@")) return mention(head.slice(1));
  if (head.startsWith("#")) return channelLink(head.slice(1), label);
  if (head.startsWith("!date^")) {
    const [, seconds, format, link] = head.split("^");
    const shown = h("time", { title: label || undefined }, dateToken(seconds, format));
    return link ? safeLink(link, shown.textContent) : shown;
  }
  if (head.startsWith("!subteam^")) {
    const group = store.groups.find((known) => known.id === head.split("^")[1]);
    return h("span", { class: "mention" }, label || `@${group?.handle ?? "group"}`);
  }
  if (head.startsWith("!")) return h("span", { class: "mention mention-me" }, `@${label || head.slice(1)}`);
  return safeLink(unescape(head), label);
}

const INLINE = /```([\s\S]*?)```|`([^`\n]+)`|<([^<>\n]+)>|:([a-z0-9_+-]+):|(?<![\w*])\*(\S(?:[^*\n]*?\S)?)\*(?![\w*])|(?<![\w_])_(\S(?:[^_\n]*?\S)?)_(?![\w_])|(?<![\w~])~(\S(?:[^~\n]*?\S)?)~(?![\w~])|\n/g;

export function inline(text) {
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

function inlineNode([whole, fence, code, bracket, emoji, bold, italic, strike]) {
  if (fence !== undefined) return codeBlock(unescape(fence.replace(/^\n|\n$/g, "")));
  if (code !== undefined) return h("code", {}, unescape(code));
  if (bracket !== undefined) return angle(bracket);
  if (emoji !== undefined) return emojiNode(emoji);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  return whole === "\n" ? h("br") : whole;
}

// Fences first, then quotes line by line, then what stands inside a line.
export function mrkdwn(text) {
  const nodes = [];
  for (const part of text.split(/(```[\s\S]*?```)/)) {
    if (part.startsWith("```") && part.length >= 6) nodes.push(codeBlock(unescape(part.slice(3, -3).replace(/^\n|\n$/g, ""))));
    else if (part) nodes.push(...quoted(part.replace(/^\n/, "")));
  }
  return nodes;
}

function quoted(text) {
  const nodes = [];
  let plain = [];
  let quote = [];
  const flush = () => {
    if (plain.length) nodes.push(h("span", {}, inline(plain.join("\n"))));
    if (quote.length) nodes.push(h("blockquote", {}, inline(quote.join("\n"))));
    plain = []; quote = [];
  };
  for (const line of text.split("\n")) {
    const match = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (match ? plain.length : quote.length) flush();
    (match ? quote : plain).push(match ? match[1] : line);
  }
  flush();
  return nodes;
}

export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object.text);
}

// Plain text: shortcodes are all that is read in it.
export const plain = (text) => text.split(/:([a-z0-9_+-]+):/).flatMap((part, index) => (index % 2 ? [emojiNode(part)] : withSigns(part)));
