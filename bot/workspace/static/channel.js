// The middle column: one channel, or the bot's home.

import { avatar } from "./avatars.js";
import { patchBlocks } from "./blocks.js";
import { acceptDrops, composer } from "./composer.js";
import { append, h, patch } from "./dom.js";
import { rows } from "./messages.js";
import { inline } from "./mrkdwn.js";
import { actor, channel, markRead, store, topLevel } from "./store.js";

let parts = null;

export function keepScroll(scroller, work, jump) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  work();
  if (atEnd || jump) scroller.scrollTop = scroller.scrollHeight;
}

function build() {
  const main = document.getElementById("channel");
  const head = h("header", { class: "channel-head" });
  const list = h("div", { class: "list", role: "log", "aria-label": "Messages" });
  const scroller = h("div", { class: "scroller", tabindex: "-1" }, list);
  const writer = composer({ id: "main", label: "Message", target: () => ({ channel: store.channelId }) });
  const home = h("div", { class: "home scroller", hidden: true });
  main.append(head, scroller, home, writer);
  acceptDrops(main, () => (store.channelId === "home" ? null : writer));
  new ResizeObserver(() => { if (parts?.atEnd) scroller.scrollTop = scroller.scrollHeight; }).observe(list);
  scroller.addEventListener("scroll", () => { if (parts) parts.atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80; });
  return { main, head, list, scroller, writer, home, atEnd: true, drawn: null };
}

export function drawChannel() {
  parts ??= build();
  const isHome = store.channelId === "home";
  parts.scroller.hidden = isHome;
  parts.writer.hidden = isHome;
  parts.home.hidden = !isHome;
  if (isHome) { drawHome(); return; }
  const place = `${store.actor} ${store.channelId}`;
  const jump = parts.drawn !== place;
  parts.drawn = place;
  drawHead();
  const messages = topLevel(store.channelId);
  keepScroll(parts.scroller, () => patch(parts.list, [intro(messages.length === 0), ...rows(messages, "channel")]), jump);
  if (jump) parts.atEnd = true;
  const name = channel().im_user ? "opsbot" : `#${channel().name}`;
  const label = `Message ${name} as ${actor().name}`;
  parts.writer.box.placeholder = label;
  parts.writer.box.setAttribute("aria-label", label);
  if (document.visibilityState === "visible") markRead(store.channelId);
}

function drawHead() {
  const { im_user, name, topic, members } = channel();
  const title = im_user ? [avatar(store.users.get(store.bot), "small"), h("h1", {}, "opsbot")] : [h("h1", {}, h("span", { class: "hash" }, "#"), name)];
  const note = im_user ? `Private, between opsbot and ${actor().name}. Changes can't be approved here.` : topic.replace(/^/, "");
  const faces = im_user ? null : h("span", { class: "faces", title: `${members.length} members`, "aria-label": `${members.length} members` }, members.slice(0, 4).map((id) => avatar(store.users.get(id), "tiny")), h("span", {}, String(members.length)));
  patch(parts.head, [{ key: "head", version: JSON.stringify([store.channelId, store.actor]), make: () => h("div", { class: "head-line" }, title, h("p", { class: "topic", title: note }, note), faces) }]);
}

// The beginning of a channel: what it is for, and what one could ask.
function intro(empty) {
  const { id, name, im_user, purpose, prompts } = channel();
  return {
    key: `intro ${id}`,
    version: JSON.stringify([empty, prompts, store.actor]),
    make: () => {
      const title = im_user ? "Ask opsbot in private" : `This is the beginning of #${name}`;
      const text = im_user ? "Only you and opsbot read this. Mentions are not needed here." : purpose;
      const node = h("section", { class: empty ? "intro" : "intro small" }, empty && h("img", { class: "intro-mark", src: "static/mark.svg", alt: "" }), h("h2", {}, title), h("p", {}, text));
      if (empty && prompts.length) append(node, [h("h3", {}, "Try one of these"), h("div", { class: "prompts" }, prompts.map(prompt))]);
      return node;
    },
  };
}

function prompt(text) {
  const node = h("button", { class: "prompt", type: "button" }, inline(text.replace(/@opsbot/, `<@${store.bot}>`)));
  node.addEventListener("click", () => parts.writer.fill(text));
  return node;
}

function drawHome() {
  parts.drawn = null;
  patch(parts.head, [{ key: "home", version: "", make: () => h("div", { class: "head-line" }, avatar(store.users.get(store.bot), "small"), h("h1", {}, "opsbot home"), h("p", { class: "topic" }, "What opsbot publishes for you")) }]);
  const view = store.homes.get(store.actor);
  patch(parts.home, [{
    key: "view",
    version: JSON.stringify([view ?? null, store.actor]),
    make: () => {
      if (!view) return h("section", { class: "intro" }, h("img", { class: "intro-mark", src: "static/mark.svg", alt: "" }), h("h2", {}, "Nothing here yet"), h("p", {}, "opsbot has not published a home tab for this person."));
      const body = h("div", { class: "view blocks" });
      patchBlocks(body, view.blocks, { viewId: `V${store.actor}` });
      return body;
    },
  }]);
}
