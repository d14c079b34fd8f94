// The top bar: who one acts as, and whether the bot is there.

import { avatar } from "./avatars.js";
import { h, icon, patch } from "./dom.js";
import { badge } from "./messages.js";
import { changed, remember, store, visibleChannels } from "./store.js";

export function setUpTop() {
  const menu = document.getElementById("menu");
  menu.append(icon("menu", 20));
  menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(document.body.classList.toggle("menu-open"))));
  const inspect = document.getElementById("inspect");
  inspect.append(icon("pulse", 20));
  inspect.addEventListener("click", () => { store.inspecting = !store.inspecting; changed(); });
  document.getElementById("people").addEventListener("keydown", steer);
}

function actAs(userId, focus = false) {
  const wasDirect = store.channels.get(store.channelId)?.im_user;
  store.actor = userId;
  remember("actor", userId);
  if (wasDirect) {
    store.channelId = visibleChannels().find((channel) => channel.im_user === userId)?.id ?? store.channelId;
    store.threadTs = null;
  }
  changed();
  document.querySelector(`[data-user="${userId}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (focus) requestAnimationFrame(() => document.querySelector("#people [aria-checked=true]")?.focus());
}

function steer(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const people = [...store.users.values()].filter((user) => !user.is_bot);
  const index = people.findIndex((user) => user.id === store.actor);
  actAs(people[(index + step + people.length) % people.length].id, true);
}

export function drawTop() {
  const people = [...store.users.values()].filter((user) => !user.is_bot);
  patch(document.getElementById("people"), people.map((user) => ({
    key: user.id,
    version: String(user.id === store.actor),
    make: (old) => person(user, old),
  })));
  const state = store.online ? (store.connections ? "connected" : "waiting") : "lost";
  const words = { connected: "opsbot is connected", waiting: "waiting for opsbot", lost: "server not reachable" };
  const connection = document.getElementById("connection");
  if (connection.dataset.state !== state) {
    connection.dataset.state = state;
    connection.replaceChildren(h("span", { class: "dot", "aria-hidden": "true" }), h("span", { class: "connection-text" }, words[state]));
    connection.title = words[state];
  }
  document.getElementById("inspect").setAttribute("aria-expanded", String(store.inspecting));
}

function person(user, old) {
  const checked = user.id === store.actor;
  const node = old ?? h("button", { class: "person", type: "button", role: "radio", "data-user": user.id, title: `${user.title} · ${user.tz}`, "aria-label": `Act as ${user.name}, ${user.role}` }, avatar(user, "small"), h("span", { class: "person-text" }, h("span", { class: "person-name" }, user.name), badge(user)));
  if (!old) node.addEventListener("click", () => actAs(user.id));
  node.setAttribute("aria-checked", String(checked));
  node.tabIndex = checked ? 0 : -1;
  return node;
}
