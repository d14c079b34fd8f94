// Interactive elements. Inputs carry what Slack would put under `state.values`.

import { Refused, send } from "./api.js";
import { h, icon, toast } from "./dom.js";
import { confirmed } from "./dialogs.js";
import { plain } from "./mrkdwn.js";
import { store } from "./store.js";

// context: {channel, ts} of a message, or {viewId} of a modal or home tab.
async function press(node, element, block, context, selection) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (element.confirm && !(await confirmed(element.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  const root = node.closest(".message, .view");
  const target = context.viewId ? { view_id: context.viewId } : { channel: context.channel, ts: context.ts };
  try {
    await send("press", { user: store.actor, ...target, block_id: block.block_id, action_id: element.action_id, selection, values: root ? collect(root) : {} });
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
    return false;
  } finally {
    node.removeAttribute("aria-busy");
  }
}

export function collect(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-action]")) {
    if (!node.readValue) continue;
    (values[node.dataset.block] ??= {})[node.dataset.action] = node.readValue();
  }
  return values;
}

function button(element, block, context) {
  const style = element.style ? ` button-${element.style}` : "";
  const node = h("button", { class: `button${style}`, type: "button", "aria-label": element.accessibility_label }, plain(element.text.text));
  node.addEventListener("click", () => {
    if (element.url && /^https?:/.test(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    press(node, element, block, context, {});
  });
  return node;
}

function feedback(element, block, context) {
  const group = h("span", { class: "feedback", role: "group", "aria-label": "Was this helpful?" });
  for (const [key, name] of [["positive_button", "thumbUp"], ["negative_button", "thumbDown"]]) {
    const option = element[key];
    if (!option) continue;
    const label = option.accessibility_label ?? option.text.text;
    const node = h("button", { class: "icon-button small", type: "button", "aria-label": label, title: label, "aria-pressed": "false" }, icon(name, 16));
    node.addEventListener("click", async () => {
      if (!(await press(node, element, block, context, { text: option.text, value: option.value }))) return;
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === node));
    });
    group.append(node);
  }
  return group;
}

function iconButton(element, block, context) {
  const node = h("button", { class: "icon-button small", type: "button", "aria-label": element.text.text, title: element.text.text }, icon("trash", 16));
  node.addEventListener("click", () => press(node, element, block, context, { value: element.value }));
  return node;
}

const optionsOf = (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);

function select(element, block, context, dispatches) {
  const people = element.type === "users_select" ? [...store.users.values()].filter((user) => !user.is_bot).map((user) => ({ text: { text: user.name }, value: user.id })) : null;
  const options = people ?? optionsOf(element);
  const initial = element.initial_option?.value ?? element.initial_user ?? "";
  const multiple = element.type === "multi_static_select";
  const node = h("select", { class: "field", multiple, "aria-label": element.placeholder?.text ?? "Choose" });
  if (!multiple) node.append(h("option", { value: "" }, element.placeholder?.text ?? "Choose…"));
  for (const option of options) node.append(h("option", { value: option.value }, option.text.text));
  node.value = initial;
  const chosen = () => options.find((option) => option.value === node.value) ?? null;
  node.readValue = () => {
    if (people) return { type: element.type, selected_user: node.value || null };
    if (multiple) return { type: element.type, selected_options: [...node.selectedOptions].map((o) => options.find((option) => option.value === o.value)) };
    return { type: element.type, selected_option: chosen() };
  };
  if (dispatches) node.addEventListener("change", () => press(node, element, block, context, node.readValue()));
  return node;
}

function choices(element, block, context, dispatches) {
  const single = element.type === "radio_buttons";
  const name = `${block.block_id}-${element.action_id}`;
  const initial = single ? [element.initial_option?.value] : (element.initial_options ?? []).map((option) => option.value);
  const boxes = element.options.map((option) => h("input", { type: single ? "radio" : "checkbox", name, value: option.value, checked: initial.includes(option.value) }));
  const node = h("div", { class: "choices", role: single ? "radiogroup" : "group" }, element.options.map((option, index) => h("label", {}, boxes[index], plain(option.text.text), option.description && h("small", {}, option.description.text))));
  const picked = () => element.options.filter((_, index) => boxes[index].checked);
  node.readValue = () => (single ? { type: element.type, selected_option: picked()[0] ?? null } : { type: element.type, selected_options: picked() });
  if (dispatches) node.addEventListener("change", () => press(node, element, block, context, node.readValue()));
  return node;
}

const INPUT_TYPES = { number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time" };

function textInput(element, block, context, dispatches) {
  const lines = element.multiline;
  const node = h(lines ? "textarea" : "input", { class: "field", rows: lines ? 4 : undefined, type: lines ? undefined : INPUT_TYPES[element.type] ?? "text", placeholder: element.placeholder?.text, minlength: element.min_length, maxlength: element.max_length });
  node.value = element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  const key = { datepicker: "selected_date", timepicker: "selected_time" }[element.type] ?? "value";
  node.readValue = () => ({ type: element.type, [key]: node.value || null });
  if (dispatches) node.addEventListener("change", () => press(node, element, block, context, node.readValue()));
  return node;
}

function overflow(element, block, context) {
  const node = select({ ...element, placeholder: { text: "More…" } }, block, context, false);
  node.addEventListener("change", async () => {
    const { selected_option } = node.readValue();
    node.value = "";
    if (selected_option) await press(node, element, block, context, { selected_option });
  });
  node.readValue = undefined;
  return node;
}

const MAKERS = {
  button, overflow, feedback_buttons: feedback, icon_button: iconButton,
  static_select: select, multi_static_select: select, users_select: select,
  radio_buttons: choices, checkboxes: choices,
  plain_text_input: textInput, number_input: textInput, email_text_input: textInput, url_text_input: textInput, datepicker: textInput, timepicker: textInput,
};

export function interactive(element, block, context, dispatches = true) {
  const make = MAKERS[element.type];
  if (!make) return h("span", { class: "unsupported" }, `[${element.type}]`);
  const node = make(element, block, context, dispatches);
  node.dataset.block = block.block_id ?? "";
  node.dataset.action = element.action_id ?? "";
  return node;
}
