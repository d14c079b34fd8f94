// The few emoji shortcodes an operations bot uses; others stay as they were written.

export const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", eyes: "👀", tada: "🎉", heart: "❤️", pray: "🙏", wave: "👋",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", fire: "🔥", bug: "🐛",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", alarm_clock: "⏰", clock1: "🕐", calendar: "📅",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫",
  large_green_square: "🟩", large_red_square: "🟥", rocket: "🚀", wrench: "🔧", hammer_and_wrench: "🛠️", gear: "⚙️", lock: "🔒", unlock: "🔓", key: "🔑",
  memo: "📝", clipboard: "📋", book: "📖", books: "📚", mag: "🔍", bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉",
  page_facing_up: "📄", paperclip: "📎", link: "🔗", bulb: "💡", speech_balloon: "💬", robot_face: "🤖", construction: "🚧", no_entry: "⛔", no_entry_sign: "🚫",
  question: "❓", exclamation: "❗", information_source: "ℹ️", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", repeat: "🔁", sparkles: "✨", zzz: "💤", octagonal_sign: "🛑", new: "🆕",
};

export const QUICK = ["+1", "eyes", "white_check_mark", "tada", "warning", "-1"];

export const emojiText = (name) => EMOJI[name] ?? `:${name}:`;
