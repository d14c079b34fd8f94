// Round initials for people, the mark for the bot.

import { h } from "./dom.js";

export function avatar(user, size = "") {
  if (user?.is_bot) return h("img", { class: `avatar bot ${size}`, src: "static/mark.svg", alt: "" });
  const initials = (user?.name ?? "?").split(" ").map((word) => word[0]).slice(0, 2).join("");
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  node.style.setProperty("--colour", user?.colour ?? "#777");
  return node;
}
