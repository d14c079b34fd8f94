// Starts the page: reads the workspace, follows its changes, draws.

import { listen, loadState } from "./api.js";
import { drawChannel } from "./channel.js";
import { toast } from "./dom.js";
import { drawInspector } from "./inspector.js";
import { drawModal } from "./modal.js";
import { drawSidebar, go } from "./sidebar.js";
import { adopt, apply, changed, onChange, store, unreadCount, visibleChannels } from "./store.js";
import { closeThread, drawThread } from "./thread.js";
import { drawTop, setUpTop } from "./top.js";

let early = null; // changes that arrive while the whole state is being read

async function open() {
  early = [];
  try {
    adopt(await loadState());
  } catch (error) {
    toast(error.message);
    return;
  }
  for (const change of early) apply(change);
  early = null;
  store.online = true;
  changed();
}

function take(change) {
  if (early) early.push(change);
  else { apply(change); changed(); }
}

function lost() {
  store.online = false;
  changed();
}

function draw() {
  drawTop();
  if (!store.ready) return;
  drawSidebar();
  drawChannel();
  drawThread();
  drawModal();
  drawInspector();
  const unread = visibleChannels().reduce((sum, one) => sum + (one.id === store.channelId ? 0 : unreadCount(one.id)), 0);
  document.title = unread ? `(${unread}) opsbot workspace` : "opsbot workspace";
}

function keys(event) {
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.body.classList.contains("menu-open")) document.getElementById("menu").click();
    else if (store.threadTs) closeThread();
    else if (store.inspecting) { store.inspecting = false; changed(); }
  }
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    const ids = [...visibleChannels().map((one) => one.id), "home"];
    const step = event.key === "ArrowDown" ? 1 : -1;
    go(ids[(ids.indexOf(store.channelId) + step + ids.length) % ids.length]);
  }
}

setUpTop();
onChange(draw);
document.addEventListener("keydown", keys);
document.addEventListener("visibilitychange", changed);
document.getElementById("columns").addEventListener("click", (event) => {
  if (document.body.classList.contains("menu-open") && !event.target.closest("#sidebar")) document.getElementById("menu").click();
});
listen(open, take, lost);
