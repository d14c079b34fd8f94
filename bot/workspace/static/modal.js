// The bot's modals.

import { Refused, send } from "./api.js";
import { patchBlocks } from "./blocks.js";
import { openDialog } from "./dialogs.js";
import { h, icon, toast } from "./dom.js";
import { collect } from "./elements.js";
import { plain } from "./mrkdwn.js";
import { store } from "./store.js";

let shown = null;

export function drawModal() {
  const view = store.views.get(store.actor) ?? null;
  if (view?.id === shown?.view.id && view?.hash === shown?.view.hash) return;
  if (view && view.id === shown?.view.id) { shown.view = view; fill(shown); return; }
  if (shown) { const old = shown; shown = null; old.dialog.close(); }
  if (view) shown = open(view);
}

function open(view) {
  const body = h("div", { class: "view blocks" });
  const title = h("h2", {});
  const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close" }, icon("close"));
  const buttons = h("div", { class: "dialog-buttons" });
  const form = h("form", { class: "modal-form", novalidate: true }, h("header", { class: "dialog-head" }, title, close), body, buttons);
  const dialog = h("dialog", { class: "dialog modal" }, form);
  const modal = { view, dialog, form, body, title, buttons };
  close.addEventListener("click", () => dismiss(modal));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); dismiss(modal); });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(modal); });
  fill(modal);
  openDialog(dialog);
  body.querySelector("input, textarea, select")?.focus();
  return modal;
}

function fill(modal) {
  const { view, dialog, body, title, buttons } = modal;
  dialog.setAttribute("aria-label", view.title?.text ?? "opsbot");
  title.replaceChildren(...plain(view.title?.text ?? ""));
  patchBlocks(body, view.blocks, { viewId: view.id });
  const cancel = h("button", { class: "button", type: "button" }, plain(view.close?.text ?? "Cancel"));
  cancel.addEventListener("click", () => dismiss(modal));
  modal.submitButton = view.submit ? h("button", { class: "button button-primary", type: "submit" }, plain(view.submit.text)) : null;
  buttons.replaceChildren(...[cancel, modal.submitButton].filter(Boolean));
}

function dismiss({ view }) {
  send("dismiss", { view_id: view.id }).catch((error) => toast(error.message));
}

async function submit(modal) {
  const { view, body, submitButton } = modal;
  const values = collect(body);
  const missing = requiredErrors(view, values);
  showErrors(body, missing);
  if (Object.keys(missing).length || submitButton?.getAttribute("aria-busy")) return;
  submitButton?.setAttribute("aria-busy", "true");
  try {
    const { errors } = await send("submit", { view_id: view.id, values });
    showErrors(body, errors);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
  } finally {
    submitButton?.removeAttribute("aria-busy");
  }
}

function requiredErrors(view, values) {
  const errors = {};
  for (const block of view.blocks) {
    if (block.type !== "input" || block.optional) continue;
    const value = values[block.block_id]?.[block.element.action_id] ?? {};
    const { type, ...rest } = value;
    const filled = Object.values(rest).some((entry) => entry !== null && entry !== "" && !(Array.isArray(entry) && !entry.length));
    if (!filled) errors[block.block_id] = "Please fill this in.";
  }
  return errors;
}

function showErrors(body, errors) {
  let first = null;
  for (const field of body.querySelectorAll("[data-input]")) {
    const text = errors[field.dataset.input];
    const place = field.querySelector(".field-error");
    place.hidden = !text;
    place.textContent = text ?? "";
    const control = field.querySelector("input, textarea, select");
    control?.setAttribute("aria-invalid", String(Boolean(text)));
    if (text && !first) first = control;
  }
  first?.focus();
}
