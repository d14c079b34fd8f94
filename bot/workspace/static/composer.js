// The message box: mentions, files, slash commands.

import { Refused, send, upload } from "./api.js";
import { avatar } from "./avatars.js";
import { h, icon, toast } from "./dom.js";
import { sizeText } from "./files.js";
import { changed, store, visibleChannels } from "./store.js";

const PASTE_LIMIT = 3000;

// What people type becomes Slack's mrkdwn: entities escaped, known names turned into tokens.
export function encode(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped
    .replace(/(^|[^\w`])@([a-z][a-z0-9-]*)/g, (whole, before, handle) => {
      const user = [...store.users.values()].find((known) => known.handle === handle);
      const group = store.groups.find((known) => known.handle === handle);
      if (user) return `${before}<@${user.id}>`;
      return group ? `${before}<!subteam^${group.id}|@${handle}>` : whole;
    })
    .replace(/(^|[\s(])#([a-z][a-z0-9-]*)/g, (whole, before, name) => {
      const channel = visibleChannels().find((known) => !known.im_user && known.name === name);
      return channel ? `${before}<#${channel.id}|${name}>` : whole;
    });
}

// place: {id, label, target: () => ({channel, thread_ts})}
export function composer(place) {
  const box = h("textarea", { id: `composer-${place.id}`, rows: 1, "aria-label": place.label, placeholder: place.label, autocomplete: "off", spellcheck: "true", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": `suggest-${place.id}` });
  const tray = h("div", { class: "tray" });
  const menu = h("div", { class: "suggest", id: `suggest-${place.id}`, role: "listbox", hidden: true });
  const chooser = h("input", { type: "file", multiple: true, hidden: true });
  const attach = tool("attach", "Attach a file", () => chooser.click());
  const at = tool("at", "Mention opsbot", () => insert(box, "@opsbot "));
  const submit = h("button", { class: "send", type: "button", "aria-label": "Send" }, icon("send", 18));
  const node = h("form", { class: "composer" }, menu, tray, box, h("div", { class: "composer-bar" }, attach, at, h("span", { class: "composer-hint" }, "Enter sends · Shift+Enter for a new line"), submit), chooser);
  const state = { files: [], chosen: 0, options: [] };

  const refresh = () => { fit(box); submit.disabled = !box.value.trim() && !state.files.length; suggest(box, menu, state); };
  const addFiles = (files) => { for (const file of files) state.files.push(file); drawTray(tray, state, refresh); refresh(); };
  const fire = () => post(box, state, place, () => { drawTray(tray, state, refresh); refresh(); });

  node.addEventListener("submit", (event) => event.preventDefault());
  submit.addEventListener("click", fire);
  box.addEventListener("input", refresh);
  box.addEventListener("blur", () => setTimeout(() => hide(box, menu, state), 150));
  box.addEventListener("keydown", (event) => {
    if (state.options.length && steer(event, box, menu, state)) { refresh(); return; }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); fire(); }
  });
  box.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    if (files.length) { event.preventDefault(); addFiles(files); }
    else if (text.length > PASTE_LIMIT) { event.preventDefault(); addFiles([new File([text], "pasted-text.txt", { type: "text/plain" })]); }
  });
  chooser.addEventListener("change", () => { addFiles(chooser.files); chooser.value = ""; });
  node.addFiles = addFiles;
  node.box = box;
  node.fill = (text) => { box.value = text; refresh(); box.focus(); box.setSelectionRange(text.length, text.length); };
  refresh();
  return node;
}

function tool(name, label, action) {
  const node = h("button", { class: "icon-button small", type: "button", "aria-label": label, title: label }, icon(name, 18));
  node.addEventListener("click", action);
  return node;
}

function fit(box) {
  if (!box.isConnected || !box.scrollHeight) return;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 220)}px`;
}

function insert(box, text) {
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.focus();
  box.dispatchEvent(new Event("input"));
}

function drawTray(tray, state, refresh) {
  tray.replaceChildren(...state.files.map((file) => {
    const remove = h("button", { class: "icon-button small", type: "button", "aria-label": `Remove ${file.name}` }, icon("close", 14));
    remove.addEventListener("click", () => { state.files.splice(state.files.indexOf(file), 1); drawTray(tray, state, refresh); refresh(); });
    return h("span", { class: "chip" }, icon("file", 16), h("span", {}, file.name), h("small", {}, sizeText(file.size)), remove);
  }));
}

async function post(box, state, place, done) {
  const text = box.value.trim();
  if ((!text && !state.files.length) || state.sending) return;
  state.sending = true;
  const { channel, thread_ts } = place.target();
  const user = store.actor;
  try {
    const command = /^(\/[a-z-]+)(?:\s+([\s\S]*))?$/.exec(text);
    if (command && !state.files.length) await runCommand(command, user, channel);
    else await sendMessage(state.files, text, { user, channel, thread_ts });
    box.value = "";
    state.files = [];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  } finally {
    state.sending = false;
    done();
  }
}

async function runCommand([, name, rest], user, channel) {
  if (name !== store.command) throw new Refused(`There is no command ${name} here. Try ${store.command} help.`);
  await send("command", { user, channel, command: name, text: encode(rest ?? "") });
}

async function sendMessage(files, text, place) {
  const uploaded = [];
  for (const file of files) uploaded.push((await upload(file, place.user)).id);
  const encoded = encode(text);
  const { ts } = await send("message", { ...place, text: encoded, file_ids: uploaded });
  const direct = store.channels.get(place.channel)?.im_user;
  if (!place.thread_ts && (direct || encoded.includes(`<@${store.bot}>`))) await awaitThread(place, ts);
}

async function awaitThread({ channel, user }, ts) {
  const answered = [...(store.messages.get(channel)?.values() ?? [])].some((m) => m.thread_ts === ts && m.bot_id);
  if (answered) { store.threadTs = ts; changed(); }
  else store.asked.set(`${channel} ${ts}`, user);
}

// ---- completion -------------------------------------------------------------------------------

function candidates(box) {
  const before = box.value.slice(0, box.selectionStart);
  const match = /(^|[\s(])([@#])([a-z0-9-]*)$/i.exec(before);
  if (match) {
    const [, , sign, word] = match;
    const all = sign === "@" ? people() : channels();
    const typed = sign + word.toLowerCase();
    const complete = all.some((one) => one.insert.trim() === typed); // nothing left to complete
    return { start: before.length - word.length - 1, found: complete ? [] : all.filter((one) => one.search.includes(word.toLowerCase())).slice(0, 7) };
  }
  if (/^\/\w*$/.test(before) && store.command.startsWith(before)) {
    return { start: 0, found: [{ insert: `${store.command} `, title: store.command, note: "ask privately, or run a command", user: store.users.get(store.bot), search: store.command }] };
  }
  return { start: 0, found: [] };
}

function people() {
  const users = [...store.users.values()].sort((a, b) => Number(b.is_bot) - Number(a.is_bot));
  const found = users.map((user) => ({ insert: `@${user.handle} `, title: user.name, note: user.title, user, search: `${user.handle} ${user.name}`.toLowerCase() }));
  return [...found, ...store.groups.map((group) => ({ insert: `@${group.handle} `, title: `@${group.handle}`, note: group.name, search: group.handle }))];
}

const channels = () => visibleChannels().filter((c) => !c.im_user).map((c) => ({ insert: `#${c.name} `, title: `#${c.name}`, note: "", search: c.name }));

function suggest(box, menu, state) {
  const { start, found } = state.waved === box.value ? { start: 0, found: [] } : candidates(box);
  Object.assign(state, { start, options: found, chosen: Math.min(state.chosen, Math.max(0, found.length - 1)) });
  menu.hidden = !found.length;
  box.setAttribute("aria-expanded", String(Boolean(found.length)));
  menu.replaceChildren(...found.map((option, index) => {
    const node = h("div", { class: "option", role: "option", id: `${menu.id}-${index}`, "aria-selected": String(index === state.chosen) }, option.user ? avatar(option.user, "tiny") : icon("at", 16), h("strong", {}, option.title), h("span", { class: "muted" }, option.note));
    node.addEventListener("mousedown", (event) => { event.preventDefault(); take(box, state, index); suggest(box, menu, state); });
    return node;
  }));
  if (found.length) box.setAttribute("aria-activedescendant", `${menu.id}-${state.chosen}`);
  else box.removeAttribute("aria-activedescendant");
}

function hide(box, menu, state) {
  state.options = [];
  menu.hidden = true;
  box.setAttribute("aria-expanded", "false");
}

function take(box, state, index) {
  box.setRangeText(state.options[index].insert, state.start, box.selectionStart, "end");
  state.chosen = 0;
  box.dispatchEvent(new Event("input"));
}

function steer(event, box, menu, state) {
  const count = state.options.length;
  if (event.key === "ArrowDown") state.chosen = (state.chosen + 1) % count;
  else if (event.key === "ArrowUp") state.chosen = (state.chosen + count - 1) % count;
  else if (event.key === "Tab" || event.key === "Enter") take(box, state, state.chosen);
  else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); state.waved = box.value; hide(box, menu, state); return false; }
  else return false;
  event.preventDefault();
  return true;
}

export function acceptDrops(area, target) {
  area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("dropping"); });
  area.addEventListener("dragleave", (event) => { if (!area.contains(event.relatedTarget)) area.classList.remove("dropping"); });
  area.addEventListener("drop", (event) => { event.preventDefault(); area.classList.remove("dropping"); target()?.addFiles(event.dataTransfer.files); });
}
