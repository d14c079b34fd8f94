// Channels, the direct message and the bot's home.

import { send } from "./api.js";
import { avatar } from "./avatars.js";
import { h, icon, patch } from "./dom.js";
import { changed, remember, store, unreadCount, visibleChannels } from "./store.js";

export function go(channelId) {
  store.channelId = channelId;
  store.threadTs = null;
  remember("channel", channelId);
  document.body.classList.remove("menu-open");
  document.getElementById("menu").setAttribute("aria-expanded", "false");
  const direct = store.channels.get(channelId)?.im_user;
  if (channelId === "home" || direct) send("home", { user: store.actor, tab: channelId === "home" ? "home" : "messages" }).catch(() => {});
  changed();
}

export function drawSidebar() {
  const parent = document.getElementById("sidebar");
  const channels = visibleChannels();
  const items = [
    { key: "team", version: store.team, make: () => h("div", { class: "team" }, h("strong", {}, store.team), h("span", { class: "muted" }, "on this machine only")) },
    heading("Channels"),
    ...channels.filter((c) => !c.im_user).map((c) => entry(c.id, c.name, () => h("span", { class: "hash", "aria-hidden": "true" }, "#"))),
    heading("Direct messages"),
    ...channels.filter((c) => c.im_user).map((c) => entry(c.id, "opsbot", botFace, store.connections ? "online" : "offline")),
    heading("App"),
    entry("home", "opsbot home", () => icon("home", 16)),
  ];
  patch(parent, items);
}

const heading = (text) => ({ key: `h ${text}`, version: "", make: () => h("h2", { class: "side-heading" }, text) });

function botFace() {
  return h("span", { class: "presence" }, avatar(store.users.get(store.bot), "tiny"));
}

function entry(id, name, face, presence = "") {
  const selected = store.channelId === id;
  const unread = id === "home" || selected ? 0 : unreadCount(id);
  return {
    key: id,
    version: JSON.stringify([selected, unread, presence]),
    make: (old) => {
      const node = h("button", { class: `side-entry ${unread ? "unread" : ""} ${presence}`, type: "button", "data-channel": id, "aria-current": selected ? "page" : undefined }, face(), h("span", { class: "side-name" }, name), unread ? h("span", { class: "count", "aria-label": `${unread} unread` }, String(unread)) : null);
      node.addEventListener("click", () => go(id));
      if (old && document.activeElement === old) queueMicrotask(() => node.focus());
      return node;
    },
  };
}
