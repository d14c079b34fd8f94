// Modal windows: confirmations here, the bot's views in `modal.js`.

import { h } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";

export function openDialog(dialog) {
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

// Resolves to whether the person agreed.
export function confirmed({ title, text, confirm, deny, style }) {
  return new Promise((resolve) => {
    const yes = h("button", { class: `button ${style === "danger" ? "button-danger" : "button-primary"}`, type: "button" }, plain(confirm?.text ?? "Yes"));
    const no = h("button", { class: "button", type: "button" }, plain(deny?.text ?? "Cancel"));
    const dialog = h("dialog", { class: "dialog confirm", "aria-label": title?.text ?? "Are you sure?" },
      h("h2", {}, plain(title?.text ?? "Are you sure?")),
      h("div", { class: "rendered" }, textObject(text)),
      h("div", { class: "dialog-buttons" }, no, yes));
    yes.addEventListener("click", () => dialog.close("yes"));
    no.addEventListener("click", () => dialog.close("no"));
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"));
    openDialog(dialog);
    yes.focus();
  });
}
