// The few emoji shortcodes an operations bot uses; others stay as they were written.

export const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", eyes: "👀", tada: "🎉", heart: "❤️", pray: "🙏", wave: "👋",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", fire: "🔥", bug: "🐛",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", calendar: "📅",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫",
  large_green_square: "🟩", large_red_square: "🟥", rocket: "🚀", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", lock: "🔒", unlock: "🔓", key: "🔑",
  memo: "📝", clipboard: "📋", book: "📖", books: "📚", mag: "🔍", bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉",
  page_facing_up: "📄", paperclip: "📎", link: "🔗", bulb: "💡", speech_balloon: "💬", robot_face: "🤖", construction: "🚧", no_entry: "⛔", no_entry_sign: "🚫",
  question: "❓", exclamation: "❗", information_source: "ℹ️", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", repeat: "🔁", sparkles: "✨", zzz: "💤", octagonal_sign: "🛑", raised_hand: "✋", new: "🆕",
};

export const QUICK = ["+1", "eyes", "white_check_mark", "tada", "warning", "-1"];

// Signs of state are drawn here, so that they look the same on every machine; [path, colour].
const SVG = "http://www.w3.org/2000/svg";
const GREEN = "#2fa572", RED = "#d6503a", AMBER = "#d99a1c", BLUE = "#3d86c6", GREY = "#8b9594";
const DISC = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z";
const DRAWN = {
  white_check_mark: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.3l2.9 2.9L16.2 9.6", GREEN], heavy_check_mark: ["M5 12.5l4.5 4.5L19 7.5", GREEN],
  x: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6", RED], warning: ["M12 4l9 16H3zM12 10v4.5M12 17.3v.2", AMBER],
  hourglass: ["M7 3h10M7 21h10M8 3c0 5 8 7 8 9s-8 4-8 9M16 3c0 5-8 7-8 9s8 4 8 9", AMBER], hourglass_flowing_sand: ["M7 3h10M7 21h10M8 3c0 5 8 7 8 9s-8 4-8 9M16 3c0 5-8 7-8 9s8 4 8 9", AMBER],
  eyes: ["M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z", BLUE],
  "+1": ["M8 20H5v-9h3zM8 11l4-7a2 2 0 0 1 2 2.3L13.4 10H18a2 2 0 0 1 2 2.4l-1.2 6A2 2 0 0 1 16.8 20H8", AMBER],
  "-1": ["M8 4H5v9h3zM8 13l4 7a2 2 0 0 0 2-2.3L13.4 14H18a2 2 0 0 0 2-2.4l-1.2-6A2 2 0 0 0 16.8 4H8", AMBER],
  tada: ["M4 20l4.5-11 6.5 6.5zM14 6c0-2 2-3 3-2M18 10c2-1 3 1 2 2M13 10l4-4", AMBER],
  no_entry: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM7.5 12h9", RED], no_entry_sign: ["M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM6 6l12 12", RED], octagonal_sign: ["M8.5 3h7L21 8.5v7L15.5 21h-7L3 15.5v-7z", RED],
  rotating_light: ["M6 18v-5a6 6 0 0 1 12 0v5M4 20h16M12 2v2M3 7l2 1M21 7l-2 1", RED], lock: ["M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3", GREY], mag: ["M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21", GREY],
  bulb: ["M9 18h6M10 21h4M12 3a6 6 0 0 0-3.5 10.9V16h7v-2.1A6 6 0 0 0 12 3z", AMBER], memo: ["M6 3h9l4 4v14H6zM9 11h7M9 15h7", GREY], repeat: ["M4 11V9a3 3 0 0 1 3-3h12l-3-3M20 13v2a3 3 0 0 1-3 3H5l3 3", BLUE], alarm_clock: ["M12 20a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM12 10v3.5l2.2 1.5M4 7l3-3M20 7l-3-3", RED], calendar: ["M4 6h16v14H4zM4 10h16M8 3v4M16 3v4", BLUE], bar_chart: ["M5 20V11M12 20V5M19 20v-6", BLUE],
  red_circle: [DISC, RED, true], large_orange_circle: [DISC, "#e0792c", true], large_yellow_circle: [DISC, "#e3b53a", true], large_green_circle: [DISC, GREEN, true], large_blue_circle: [DISC, BLUE, true], white_circle: [DISC, GREY], black_circle: [DISC, "#333", true],
};
const BY_SIGN = new Map(Object.keys(DRAWN).map((name) => [EMOJI[name].replace("\ufe0f", ""), name]));
const SIGNS = new RegExp(`(${[...BY_SIGN.keys()].join("|")})\\ufe0f?`, "gu");

function drawn(name) {
  const [path, colour, filled] = DRAWN[name];
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), fill: filled ? colour : "none", stroke: colour, "stroke-width": 2.2, "stroke-linecap": "round", "stroke-linejoin": "round" })) svg.setAttribute(key, value);
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

const ALIAS = { thumbsup: "+1", thumbsdown: "-1" };

// A node for a shortcode's name, or text when it is not known.
export function emoji(name) {
  const known = ALIAS[name] ?? name;
  return DRAWN[known] ? drawn(known) : EMOJI[known] ?? `:${name}:`;
}

// Text with its signs of state drawn.
export function withSigns(text) {
  return text.split(SIGNS).map((part, index) => (index % 2 ? drawn(BY_SIGN.get(part)) : part)).filter((part) => part !== "");
}
