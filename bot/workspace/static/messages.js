// Messages: one node each, edited in place.

import { Refused, send } from "./api.js";
import { avatar } from "./avatars.js";
import { patchBlocks } from "./blocks.js";
import { confirmed } from "./dialogs.js";
import { append, h, icon, patch, toast } from "./dom.js";
import { QUICK, emoji } from "./emoji.js";
import { fileCard } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";
import { actor, changed, statusOf, store } from "./store.js";
import { clockTime, dayKey, dayName, fullTime } from "./times.js";

const GROUP_S = 300;

export const attempt = (work) => work.catch((error) => {
  if (!(error instanceof Refused)) throw error;
  toast(error.message);
});

// Rows for `patch`: day dividers and messages, the latter grouped by author.
export function rows(messages, place) {
  const items = [];
  let previous = null;
  for (const message of messages) {
    if (place === "channel" && (!previous || dayKey(previous.ts) !== dayKey(message.ts))) {
      items.push({ key: `day ${dayKey(message.ts)}`, version: dayName(message.ts), make: () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(message.ts))) });
      previous = null;
    }
    const joined = Boolean(previous) && previous.user === message.user && message.ts - previous.ts < GROUP_S && !message.ephemeral_to && !previous.ephemeral_to && !message.blocks?.length && !(place === "channel" && previous.reply_count);
    items.push(row(message, place, joined));
    previous = message;
  }
  return items;
}

export function row(message, place, joined = false) {
  const status = place === "channel" ? statusOf(message.channel, message.ts)?.text : "";
  const open = place === "channel" && store.threadTs === message.ts;
  return {
    key: `${message.ts} ${actor()?.tz}`, // drawn anew in another zone: its times are others
    version: JSON.stringify([message, joined, status, open, store.actor]),
    make: (old) => draw(old ?? skeleton(message), message, { place, joined, status, open }),
  };
}

function skeleton(message) {
  const parts = { gutter: h("div", { class: "gutter" }), head: h("div", { class: "message-head" }), body: h("div", { class: "message-body" }), foot: h("div", { class: "message-foot" }), tools: h("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" }) };
  const node = h("article", { class: "message", "data-ts": message.ts }, parts.gutter, h("div", { class: "message-main" }, parts.head, parts.body, parts.foot), parts.tools);
  node.parts = parts;
  return node;
}

function draw(node, message, context) {
  const author = store.users.get(message.user);
  const { gutter, head, body, foot, tools } = node.parts;
  node.className = ["message", context.joined && "joined", message.ephemeral_to && "ephemeral", context.open && "open", message.streaming && "streaming"].filter(Boolean).join(" ");
  node.setAttribute("aria-label", `${author?.name ?? "Somebody"}, ${clockTime(message.ts)}`);
  const time = h("time", { title: fullTime(message.ts) }, clockTime(message.ts));
  const shape = `${context.joined}`;
  if (node.shape !== shape) {
    node.shape = shape;
    gutter.replaceChildren(context.joined ? time : avatar(author));
    head.replaceChildren(...(context.joined ? [] : [h("strong", {}, author?.name ?? message.user), badge(author), time].filter(Boolean)));
  }
  patch(body, content(message));
  patch(foot, footer(message, context));
  if (node.toolsFor !== store.actor) {
    node.toolsFor = store.actor;
    tools.replaceChildren(...toolbar(message, context));
  }
  return node;
}

export function badge(user) {
  if (!user) return null;
  return h("span", { class: `badge badge-${user.role}` }, user.role);
}

function content(message) {
  const items = [];
  const context = { channel: message.channel, ts: message.ts };
  if (message.ephemeral_to) items.push({ key: "only", version: "", make: () => onlyYou(message) });
  if (message.blocks?.length && !message.files?.length) {
    items.push({ key: "blocks", version: JSON.stringify(message.blocks), make: (old) => { const node = old ?? h("div", { class: "blocks" }); patchBlocks(node, message.blocks, context); return node; } });
  } else if (message.text) {
    items.push({ key: "text", version: JSON.stringify([message.text, message.edited?.ts, message.bot_id]), make: () => textBody(message) });
  }
  for (const [index, attachment] of (message.attachments ?? []).entries()) {
    items.push({ key: `attachment ${index}`, version: JSON.stringify(attachment), make: () => attached(attachment, context) });
  }
  for (const file of message.files ?? []) items.push({ key: file.id, version: file.title, make: () => fileCard(file) });
  if (message.files?.length && message.blocks?.length) items.push({ key: "after", version: JSON.stringify(message.blocks), make: (old) => { const node = old ?? h("div", { class: "blocks" }); patchBlocks(node, message.blocks, context); return node; } });
  return items;
}

function textBody(message) {
  const edited = message.edited && !message.bot_id ? h("small", { class: "edited" }, " (edited)") : null;
  return h("div", { class: "rendered text" }, mrkdwn(message.text), edited);
}

function attached(attachment, context) {
  const node = h("div", { class: "attachment" });
  if (/^#?[0-9a-f]{6}$/i.test(attachment.color ?? "")) node.style.setProperty("--colour", `#${attachment.color.replace("#", "")}`);
  if (attachment.blocks) patchBlocks(node, attachment.blocks, context);
  else append(node, [h("div", { class: "rendered" }, mrkdwn(attachment.text ?? attachment.fallback ?? ""))]);
  return node;
}

function onlyYou(message) {
  const dismiss = h("button", { class: "link", type: "button" }, "Dismiss");
  dismiss.addEventListener("click", () => { store.dismissed.add(message.ts); changed(); });
  return h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you", dismiss);
}

function footer(message, { place, status }) {
  const items = [];
  for (const reaction of message.reactions ?? []) {
    items.push({ key: `r ${reaction.name}`, version: JSON.stringify([reaction, store.actor]), make: () => reactionButton(message, reaction) });
  }
  if (place === "channel" && message.reply_count) {
    items.push({ key: "replies", version: JSON.stringify([message.reply_count, message.latest_reply]), make: () => replySummary(message) });
  }
  if (status) items.push({ key: "status", version: status, make: () => h("span", { class: "status-mini" }, h("span", { class: "dots", "aria-hidden": "true" }), `opsbot ${status}`) });
  return items;
}

function reactionButton(message, { name, users, count }) {
  const names = users.map((id) => store.users.get(id)?.name ?? id).join(", ");
  const node = h("button", { class: "reaction", type: "button", "aria-pressed": String(users.includes(store.actor)), title: `${names} · :${name}:`, "aria-label": `${name}, ${count}` }, h("span", {}, emoji(name)), String(count));
  node.addEventListener("click", () => react(message, name));
  return node;
}

const react = (message, name) => attempt(send("react", { user: store.actor, channel: message.channel, ts: message.ts, name }));

function replySummary(message) {
  const faces = message.reply_users.slice(0, 3).map((id) => avatar(store.users.get(id), "tiny"));
  const word = message.reply_count === 1 ? "reply" : "replies";
  const node = h("button", { class: "replies", type: "button" }, faces, h("strong", {}, `${message.reply_count} ${word}`), h("span", { class: "muted" }, `last ${clockTime(message.latest_reply)}`));
  node.addEventListener("click", () => openThread(message));
  return node;
}

export function openThread(message) {
  store.threadTs = message.thread_ts ?? message.ts;
  store.focusThread = true;
  changed();
}

function tool(name, label, action) {
  const node = h("button", { class: "icon-button small", type: "button", "aria-label": label, title: label }, icon(name, 16));
  node.addEventListener("click", () => action(node));
  return node;
}

function toolbar(message, { place }) {
  if (message.ephemeral_to) return [];
  const found = [tool("smile", "Add a reaction", (node) => pickReaction(node, message))];
  if (place === "channel") found.push(tool("reply", "Reply in thread", () => openThread(message)));
  for (const { callback_id, name } of store.shortcuts) {
    found.push(tool("pulse", name, () => attempt(send("shortcut", { user: store.actor, channel: message.channel, ts: message.ts, callback_id }))));
  }
  if (message.user === store.actor) {
    found.push(tool("pencil", "Edit", (node) => editMessage(node, message)));
    found.push(tool("trash", "Delete", () => remove(message)));
  }
  return found;
}

function pickReaction(anchor, message) {
  const open = anchor.parentElement.querySelector(".reaction-picker");
  if (open) { open.remove(); return; }
  const picker = h("div", { class: "reaction-picker", role: "menu" });
  for (const name of QUICK) {
    const choice = h("button", { type: "button", role: "menuitem", "aria-label": name, title: `:${name}:` }, emoji(name));
    choice.addEventListener("click", () => { picker.remove(); react(message, name); });
    picker.append(choice);
  }
  picker.addEventListener("keydown", (event) => { if (event.key === "Escape") { event.stopPropagation(); picker.remove(); anchor.focus(); } });
  anchor.parentElement.append(picker);
  picker.firstChild.focus();
}

function editMessage(anchor, message) {
  const main = anchor.closest(".message").querySelector(".message-main");
  if (main.querySelector(".edit-box")) return;
  const box = h("textarea", { class: "field edit-box", rows: 3, "aria-label": "Edit message" });
  box.value = message.text;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); box.remove(); }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    attempt(send("edit", { user: store.actor, channel: message.channel, ts: message.ts, text: box.value }));
    box.remove();
  });
  main.append(box);
  box.focus();
}

async function remove(message) {
  const sure = await confirmed({ title: { text: "Delete this message?" }, text: { type: "plain_text", text: "It disappears for everybody." }, confirm: { text: "Delete" }, style: "danger" });
  if (sure) attempt(send("delete", { user: store.actor, channel: message.channel, ts: message.ts }));
}
