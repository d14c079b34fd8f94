// Times in the reader's zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const FORMATS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

const dateOf = (ts) => new Date(Number.parseFloat(ts) * 1000);
export const clockTime = (ts) => clock.format(dateOf(ts));
export const fullTime = (ts) => long.format(dateOf(ts));
export const dayKey = (ts) => dateOf(ts).toDateString();

export function dayName(ts) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(ts) === now.toDateString()) return "Today";
  return dayKey(ts) === yesterday.toDateString() ? "Yesterday" : day.format(dateOf(ts));
}

// Slack's date token: <!date^1700000000^{date_short} {time}^link|fallback>
export function dateToken(seconds, format) {
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (whole, name, pretty) => {
    if (pretty && name.startsWith("date") && dayName(seconds) !== day.format(dateOf(seconds))) return dayName(seconds).toLowerCase();
    return FORMATS[name] ? new Intl.DateTimeFormat(undefined, FORMATS[name]).format(dateOf(seconds)) : whole;
  });
}
