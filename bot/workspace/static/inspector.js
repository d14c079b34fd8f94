// The drawer with raw traffic: Web API calls of the bot, envelopes to it.

import { h, icon, patch } from "./dom.js";
import { changed, store } from "./store.js";

let parts = null;
let selected = null;

function build() {
  const drawer = document.getElementById("inspector");
  const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close" }, icon("close"));
  const filter = h("input", { class: "field", type: "search", placeholder: "Filter, for example chat.update", "aria-label": "Filter traffic" });
  const list = h("div", { class: "traffic", role: "listbox", "aria-label": "Calls and envelopes", tabindex: "0" });
  const detail = h("div", { class: "traffic-detail", tabindex: "0" });
  drawer.append(h("header", { class: "inspector-head" }, h("h2", {}, "Raw traffic"), h("span", { class: "muted" }, "Web API calls by the bot, and envelopes to it"), filter, close), h("div", { class: "inspector-body" }, list, detail));
  close.addEventListener("click", () => { store.inspecting = false; changed(); });
  filter.addEventListener("input", changed);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const nodes = [...list.children];
    if (!step || !nodes.length) return;
    event.preventDefault();
    const index = nodes.findIndex((node) => node.dataset.number === String(selected));
    selected = Number(nodes[Math.min(nodes.length - 1, Math.max(0, index + step))].dataset.number);
    changed();
  });
  return { drawer, filter, list, detail };
}

export function drawInspector() {
  parts ??= build();
  parts.drawer.hidden = !store.inspecting;
  document.body.classList.toggle("inspecting", store.inspecting);
  if (!store.inspecting) return;
  const wanted = parts.filter.value.trim().toLowerCase();
  const found = store.traffic.filter((entry) => !wanted || entry.name.toLowerCase().includes(wanted)).slice(-200);
  const atEnd = parts.list.scrollHeight - parts.list.scrollTop - parts.list.clientHeight < 40;
  patch(parts.list, found.map((entry) => ({ key: entry.number, version: JSON.stringify([entry.ms, entry.ok, entry.note, entry.number === selected]), make: () => line(entry) })));
  if (atEnd) parts.list.scrollTop = parts.list.scrollHeight;
  const entry = store.traffic.find((known) => known.number === selected);
  patch(parts.detail, entry ? [{ key: entry.number, version: JSON.stringify(entry), make: () => detail(entry) }] : [{ key: "none", version: "", make: () => h("p", { class: "muted" }, "Choose a line to read what was sent.") }]);
}

const KINDS = { in: ["bot →", "Web API call by the bot"], out: ["→ bot", "Envelope to the bot"] };

function line(entry) {
  const [arrow, title] = KINDS[entry.direction];
  const time = new Date(entry.at * 1000).toLocaleTimeString(undefined, { hourCycle: "h23" });
  const node = h("div", { class: `traffic-line ${entry.direction} ${entry.ok ? "" : "failed"}`, role: "option", "aria-selected": String(entry.number === selected), "data-number": String(entry.number) }, h("time", {}, time), h("span", { class: "arrow", title }, arrow), h("span", { class: "traffic-name" }, entry.name), h("span", { class: "note" }, entry.note), h("span", { class: "ms" }, entry.ms === null ? "" : `${entry.ms} ms`));
  node.addEventListener("click", () => { selected = entry.number; changed(); });
  return node;
}

function detail(entry) {
  const show = (title, value) => (value === null || value === undefined ? null : [h("h3", {}, title), h("pre", {}, JSON.stringify(value, null, 2))]);
  return h("div", {}, show(entry.direction === "in" ? "Arguments" : "Payload", entry.request), show(entry.direction === "in" ? "Response" : "Payload of the ack", entry.response));
}
