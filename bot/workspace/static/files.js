// Uploaded files: images inline, text with a preview, everything with a download.

import { h, icon } from "./dom.js";

const PREVIEW_BYTES = 4000;
const TEXT = /^text\/|json|yaml|xml|javascript|x-sh/;

const address = (file) => `files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;

export function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export function fileCard(file) {
  const isImage = /^image\/(png|jpeg|gif|webp)$/.test(file.mimetype);
  const head = h("div", { class: "file-head" }, icon("file", 20),
    h("span", { class: "file-name" }, file.title || file.name, h("small", {}, sizeText(file.size))),
    h("a", { class: "icon-button small", href: address(file), download: file.name, "aria-label": `Download ${file.name}`, title: "Download" }, icon("download", 16)));
  const card = h("div", { class: "file" }, head);
  if (isImage) card.append(h("a", { href: address(file), target: "_blank", rel: "noopener" }, h("img", { src: address(file), alt: file.alt_txt || file.title || file.name, loading: "lazy" })));
  else if (TEXT.test(file.mimetype)) card.append(preview(file));
  return card;
}

function preview(file) {
  const code = h("code", {}, "…");
  const pre = h("pre", { class: "file-preview", tabindex: "0", "aria-label": `Beginning of ${file.name}` }, code);
  fetch(address(file)).then((response) => response.text()).then((text) => {
    code.textContent = text.length > PREVIEW_BYTES ? `${text.slice(0, PREVIEW_BYTES)}\n…` : text;
  }).catch(() => { code.textContent = "The preview could not be loaded."; });
  return pre;
}

// Only files of this workspace are shown: the page asks nobody else for anything.
export function fileImage(block) {
  const id = block.slack_file?.id ?? /\/files-pri\/([A-Z0-9]+)\//.exec(block.slack_file?.url ?? block.image_url ?? "")?.[1];
  const caption = block.title?.text;
  if (!id) return h("div", { class: "image-missing" }, `Image (not loaded from outside): ${block.alt_text ?? ""}`);
  return h("figure", { class: "block-image" }, h("img", { src: `files/${encodeURIComponent(id)}/image`, alt: block.alt_text ?? "" }), caption && h("figcaption", {}, caption));
}
