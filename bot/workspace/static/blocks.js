// Block Kit blocks, as DOM nodes.

import { h, icon, patch } from "./dom.js";
import { interactive } from "./elements.js";
import { fileImage } from "./files.js";
import { markdown } from "./markdown.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

const MAKERS = {
  section: (block, context) => h("div", { class: "block-section" },
    h("div", { class: "section-body" },
      block.text && h("div", { class: "rendered" }, textObject(block.text)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "rendered" }, textObject(field))))),
    block.accessory && h("div", { class: "accessory" }, accessory(block.accessory, block, context))),
  header: (block) => h("h3", { class: "block-header" }, plain(block.text.text)),
  divider: () => h("hr", {}),
  context: (block) => h("div", { class: "block-context" }, block.elements.map((element) => (element.type === "image" ? fileImage(element) : h("span", { class: "rendered" }, textObject(element))))),
  actions: (block, context) => h("div", { class: "block-actions" }, block.elements.map((element) => interactive(element, block, context))),
  context_actions: (block, context) => h("div", { class: "block-context-actions" }, block.elements.map((element) => interactive(element, block, context))),
  markdown: (block) => h("div", { class: "rendered markdown" }, markdown(block.text)),
  rich_text: (block) => h("div", { class: "rendered" }, richText(block)),
  table: (block) => h("div", { class: "table-scroll" }, h("table", {}, h("tbody", {}, (block.rows ?? []).map((row, index) => h("tr", {}, row.map((cell, column) => tableCell(cell, index, block.column_settings?.[column]))))))),
  image: (block) => fileImage(block),
  input,
  alert: (block) => h("div", { class: `alert alert-${block.level ?? "default"}`, role: "note" }, h("div", { class: "rendered" }, textObject(block.text))),
  task_card: (block) => h("div", { class: `task task-${block.status}` }, h("span", { class: "task-mark" }, block.status === "complete" ? icon("check", 14) : null), h("span", {}, typeof block.title === "string" ? block.title : plain(block.title?.text ?? ""))),
  plan: (block) => h("div", { class: "plan" }, h("strong", {}, typeof block.title === "string" ? block.title : block.title?.text ?? ""), (block.tasks ?? []).map((task) => MAKERS.task_card(task))),
};

const accessory = (element, block, context) => (element.type === "image" ? fileImage(element) : interactive(element, block, context));

// As in Slack, a cell is one line unless its column wraps.
function tableCell(cell, row, settings) {
  const content = cell.type === "rich_text" ? richText(cell) : [String(cell.text ?? "")];
  const style = [settings?.is_wrapped ? "" : "one-line", ["right", "center"].includes(settings?.align) ? settings.align : ""];
  return h(row === 0 ? "th" : "td", { class: style.filter(Boolean).join(" ") }, content);
}

function input(block, context) {
  const field = interactive(block.element, block, context, Boolean(block.dispatch_action));
  const id = `f-${block.block_id}-${block.element.action_id}`;
  field.id = id;
  field.setAttribute("aria-label", block.label.text);
  field.setAttribute("aria-describedby", `${id}-error`);
  return h("div", { class: "block-input", "data-input": block.block_id },
    h("label", { for: id }, plain(block.label.text), block.optional && h("small", {}, " optional")),
    field,
    block.hint && h("small", { class: "hint" }, plain(block.hint.text)),
    h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true }));
}

// Blocks keyed one by one: an edit touches only the blocks that changed.
export function patchBlocks(parent, blocks, context) {
  patch(parent, blocks.map((block, index) => {
    const { block_id, ...content } = block;
    const pressable = block.elements || block.accessory || block.element;
    return {
      key: `${index} ${block.type}`,
      version: JSON.stringify(pressable ? block : content),
      make: () => (MAKERS[block.type] ? MAKERS[block.type](block, context) : h("div", { class: "unsupported" }, `[${block.type} is not drawn here]`)),
    };
  }));
}
