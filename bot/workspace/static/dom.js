// Builds elements. Text only ever becomes text nodes: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

const PATHS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M5 12h13M13 6l6 6-6 6",
  attach: "M8 12.5l6.2-6.2a3 3 0 0 1 4.3 4.3l-8 8a5 5 0 0 1-7.1-7.1l7.4-7.3",
  at: "M16 12a4 4 0 1 1-1.2-2.9M16 8v5.2a2.3 2.3 0 0 0 4.6 0V12A8.6 8.6 0 1 0 17 19",
  reply: "M20 15a3 3 0 0 1-3 3h-6l-5 3v-4.2A3 3 0 0 1 4 14V8a3 3 0 0 1 3-3h10a3 3 0 0 1 3 3z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.2a4.2 4.2 0 0 0 7 0M9 9.6v.4M15 9.6v.4",
  pencil: "M5 19l1-4L16.5 4.5a2 2 0 0 1 3 3L9 18z",
  trash: "M5 7h14M10 7V5h4v2M7 7l1 13h8l1-13",
  pulse: "M3 12h4l2.5-6 4.5 13 2.6-7H21",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  thumbUp: "M8 20H5v-9h3zM8 11l4-7a2 2 0 0 1 2 2.3L13.4 10H18a2 2 0 0 1 2 2.4l-1.2 6A2 2 0 0 1 16.8 20H8",
  thumbDown: "M8 4H5v9h3zM8 13l4 7a2 2 0 0 0 2-2.3L13.4 14H18a2 2 0 0 0 2-2.4l-1.2-6A2 2 0 0 0 16.8 4H8",
  check: "M5 12.5l4.5 4.5L19 7.5",
  eye: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  stop: "M7 7h10v10H7z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
};

export function icon(name, size = 18) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

// Keeps a parent's children in step with a list of {key, version, make(old)}. A child whose version
// is unchanged stays the very same node, so focus, selection and scrolling survive.
export function patch(parent, items) {
  const before = parent.keyedNodes ?? new Map();
  const after = new Map();
  let cursor = parent.firstChild;
  for (const item of items) {
    const old = before.get(item.key);
    let node = old?.node;
    if (!old || old.version !== item.version) {
      node = item.make(old?.node);
      if (old && old.node !== node) {
        if (cursor === old.node) cursor = node;
        old.node.replaceWith(node);
      }
    }
    after.set(item.key, { node, version: item.version });
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const [key, { node }] of before) if (!after.has(key)) node.remove();
  parent.keyedNodes = after;
}

export function toast(text) {
  const area = document.getElementById("toasts");
  const node = h("div", { class: "toast" }, text);
  area.append(node);
  setTimeout(() => node.remove(), 7000);
}
