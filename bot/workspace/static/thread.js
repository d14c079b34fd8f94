// The right column: one thread.

import { send } from "./api.js";
import { keepScroll } from "./channel.js";
import { acceptDrops, composer } from "./composer.js";
import { h, icon, patch } from "./dom.js";
import { attempt, row, rows } from "./messages.js";
import { actor, changed, channel, repliesOf, statusOf, store } from "./store.js";

let parts = null;

function build() {
  const aside = document.getElementById("thread");
  const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close thread" }, icon("close"));
  const place = h("span", { class: "muted" });
  const list = h("div", { class: "list", role: "log", "aria-label": "Thread" });
  const scroller = h("div", { class: "scroller", tabindex: "-1" }, list);
  const status = h("div", { class: "status-line", role: "status" });
  const writer = composer({ id: "thread", label: "Reply", target: () => ({ channel: store.channelId, thread_ts: store.threadTs }) });
  aside.append(h("header", { class: "channel-head" }, h("div", { class: "head-line" }, h("h1", {}, "Thread"), place, close)), scroller, status, writer);
  close.addEventListener("click", closeThread);
  acceptDrops(aside, () => writer);
  const made = { aside, list, scroller, status, writer, place, drawn: null, atEnd: true };
  scroller.addEventListener("scroll", () => { made.atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80; });
  new ResizeObserver(() => { if (made.atEnd) scroller.scrollTop = scroller.scrollHeight; }).observe(list);
  return made;
}

export function closeThread() {
  store.threadTs = null;
  changed();
  document.getElementById("composer-main")?.focus();
}

export function drawThread() {
  parts ??= build();
  const parent = store.messages.get(store.channelId)?.get(store.threadTs);
  parts.aside.hidden = !parent;
  document.body.classList.toggle("thread-open", Boolean(parent));
  if (!parent) { parts.drawn = null; return; }
  const place = `${store.channelId} ${store.threadTs}`;
  const jump = parts.drawn !== place;
  parts.drawn = place;
  parts.place.textContent = channel().im_user ? "opsbot" : `#${channel().name}`;
  const replies = repliesOf(store.channelId, store.threadTs);
  const counted = replies.filter((reply) => !reply.ephemeral_to).length;
  const line = { key: "count", version: String(counted), make: () => h("div", { class: "day thread-count", role: "separator" }, h("span", {}, counted === 1 ? "1 reply" : `${counted} replies`)) };
  keepScroll(parts.scroller, () => patch(parts.list, [row(parent, "thread"), ...(counted ? [line] : []), ...rows(replies, "thread")]), jump);
  if (jump) parts.atEnd = true;
  drawStatus();
  const label = `Reply as ${actor().name}`;
  parts.writer.box.placeholder = label;
  parts.writer.box.setAttribute("aria-label", label);
  if (store.focusThread) { store.focusThread = false; parts.writer.box.focus(); }
}

function drawStatus() {
  const status = statusOf(store.channelId, store.threadTs);
  patch(parts.status, status ? [{ key: "status", version: status.text, make: () => statusLine(status) }] : []);
  if (status) setTimeout(changed, Math.max(0, status.expires_at * 1000 - Date.now()) + 50);
}

function statusLine(status) {
  const stop = h("button", { class: "stop", type: "button" }, icon("stop", 14), "Stop");
  stop.addEventListener("click", () => {
    stop.disabled = true;
    attempt(send("stop", { user: store.actor, channel: status.channel, thread_ts: status.thread_ts }));
  });
  return h("div", { class: "status-content" }, h("span", { class: "dots", "aria-hidden": "true" }), h("span", {}, `opsbot ${status.text}`), stop);
}
