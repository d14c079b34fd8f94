// Times in the zone of the person one acts as, as Slack shows them.

import { actor } from "./store.js";

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const LONG = { dateStyle: "full", timeStyle: "medium" };
const DAY = { weekday: "long", day: "numeric", month: "long" };
const KEY = { year: "numeric", month: "2-digit", day: "2-digit" };
const FORMATS = {
  date_num: KEY,
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: CLOCK,
  time_secs: { ...CLOCK, second: "2-digit" },
};
const DAY_S = 86400;
const formatters = new Map();

function show(ts, form) {
  const timeZone = actor()?.tz;
  const key = JSON.stringify([timeZone, form]);
  if (!formatters.has(key)) formatters.set(key, new Intl.DateTimeFormat(undefined, { ...form, timeZone }));
  return formatters.get(key).format(new Date(Number.parseFloat(ts) * 1000));
}

export const clockTime = (ts) => show(ts, CLOCK);
export const fullTime = (ts) => show(ts, LONG);
export const dayKey = (ts) => show(ts, KEY);

export function dayName(ts) {
  const now = Date.now() / 1000;
  if (dayKey(ts) === dayKey(now)) return "Today";
  return dayKey(ts) === dayKey(now - DAY_S) ? "Yesterday" : show(ts, DAY);
}

// Slack's date token: <!date^1700000000^{date_short} {time}^link|fallback>
export function dateToken(seconds, format) {
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (whole, name, pretty) => {
    const named = dayName(seconds);
    if (pretty && name.startsWith("date") && ["Today", "Yesterday"].includes(named)) return named.toLowerCase();
    return FORMATS[name] ? show(seconds, FORMATS[name]) : whole;
  });
}
