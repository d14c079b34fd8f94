// What the page knows, and how changes from the server alter it.

const started = Date.now() / 1000;
const listeners = new Set();
let scheduled = false;

export const store = {
  ready: false, online: false, connections: 0,
  team: "", bot: "", command: "/opsbot", shortcuts: [],
  users: new Map(), groups: [], channels: new Map(), messages: new Map(),
  statuses: new Map(), homes: new Map(), views: new Map(), traffic: [],
  actor: remembered("actor"), channelId: remembered("channel"), threadTs: null, inspecting: false,
  dismissed: new Set(), asked: new Map(),
};

export function remembered(name) {
  try { return localStorage.getItem(`opsbot.${name}`); } catch { return null; }
}

export function remember(name, value) {
  try { localStorage.setItem(`opsbot.${name}`, value); } catch { /* private window */ }
}

export function onChange(listener) {
  listeners.add(listener);
}

export function changed() {
  if (scheduled) return;
  scheduled = true;
  const flush = () => {
    if (!scheduled) return;
    scheduled = false;
    for (const listener of listeners) listener();
  };
  requestAnimationFrame(flush);
  setTimeout(flush, 200); // hidden pages get no animation frames
}

export function adopt(state) {
  const { users, channels, messages, statuses, homes, views, ...rest } = state;
  Object.assign(store, { team: rest.team, bot: rest.bot, command: rest.command, shortcuts: rest.shortcuts, groups: rest.groups, connections: rest.connections, traffic: rest.traffic });
  store.users = new Map(users.map((user) => [user.id, user]));
  store.channels = new Map(channels.map((channel) => [channel.id, channel]));
  const before = store.messages;
  store.messages = new Map();
  for (const message of messages) putMessage(message, before);
  store.statuses = new Map(statuses.map((status) => [statusKey(status), status]));
  store.homes = new Map(Object.entries(homes));
  store.views = new Map(views.map(({ user, view }) => [user, view]));
  if (!store.users.has(store.actor) || store.users.get(store.actor).is_bot) store.actor = users.find((user) => !user.is_bot).id;
  if (store.channelId !== "home" && !visibleChannels().some((channel) => channel.id === store.channelId)) store.channelId = channels[0].id;
  store.ready = true;
}

function putMessage(message, before) {
  const old = before?.get(message.channel)?.get(message.ts);
  const known = old && JSON.stringify(old) === JSON.stringify(message) ? old : message;
  if (!store.messages.has(message.channel)) store.messages.set(message.channel, new Map());
  store.messages.get(message.channel).set(message.ts, known);
}

const appliers = {
  message: ({ message }) => { putMessage(message); openAwaitedThread(message); },
  deleted: ({ channel, ts }) => store.messages.get(channel)?.delete(ts),
  status: (change) => (change.text ? store.statuses.set(statusKey(change), change) : store.statuses.delete(statusKey(change))),
  view: ({ user, view }) => (view ? store.views.set(user, view) : store.views.delete(user)),
  home: ({ user, view }) => store.homes.set(user, view),
  connections: ({ count }) => { store.connections = count; },
  prompts: ({ channel, prompts }) => { store.channels.get(channel).prompts = prompts; },
  traffic: ({ entry }) => putTraffic(entry),
};

export function apply(change) {
  appliers[change.kind]?.(change);
}

function putTraffic(entry) {
  const index = store.traffic.findIndex((known) => known.number === entry.number);
  if (index >= 0) store.traffic[index] = entry;
  else store.traffic.push(entry);
  if (store.traffic.length > 800) store.traffic.splice(0, 200);
}

// A question asked in a channel is answered in its thread: open it when the answer begins.
function openAwaitedThread(message) {
  if (!message.bot_id || !message.thread_ts) return;
  const key = `${message.channel} ${message.thread_ts}`;
  if (store.asked.get(key) !== store.actor || store.channelId !== message.channel) return;
  store.asked.delete(key);
  store.threadTs = message.thread_ts;
}

const statusKey = ({ channel, thread_ts }) => `${channel} ${thread_ts}`;

export function statusOf(channelId, threadTs) {
  const status = store.statuses.get(`${channelId} ${threadTs}`);
  return status && status.expires_at > Date.now() / 1000 ? status : null;
}

export const actor = () => store.users.get(store.actor);
export const channel = () => store.channels.get(store.channelId);
export const visibleChannels = () => [...store.channels.values()].filter((c) => c.members.includes(store.actor) && (!c.im_user || c.im_user === store.actor));

export function messagesOf(channelId) {
  const all = [...(store.messages.get(channelId)?.values() ?? [])];
  return all.filter((m) => (!m.ephemeral_to || m.ephemeral_to === store.actor) && !store.dismissed.has(m.ts)).sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;
export const topLevel = (channelId) => messagesOf(channelId).filter((m) => !isReply(m) || m.subtype === "thread_broadcast");
export const repliesOf = (channelId, ts) => messagesOf(channelId).filter((m) => m.thread_ts === ts && m.ts !== ts);

const readKey = (channelId) => `read.${store.actor}.${channelId}`;
export const markRead = (channelId) => {
  const last = messagesOf(channelId).at(-1);
  if (last && last.ts > (remembered(readKey(channelId)) ?? "")) remember(readKey(channelId), last.ts);
};
export const unreadCount = (channelId) => {
  const read = remembered(readKey(channelId)) ?? started.toFixed(6);
  return messagesOf(channelId).filter((m) => m.ts > read && m.user !== store.actor).length;
};
