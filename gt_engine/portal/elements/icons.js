/** A few icons by the names that templates use (those of Polymer's iron-icons); drawn here as strokes on 24 × 24. */

const PATHS = {
  add: "M12 5v14M5 12h14", remove: "M5 12h14", close: "M6 6l12 12M18 6L6 18", clear: "M6 6l12 12M18 6L6 18", check: "M5 13l4 4L19 7", done: "M5 13l4 4L19 7",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20", info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.5",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5v.5",
  warning: "M12 4L2.5 20h19zM12 10v4.5M12 17v.5", error: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v6M12 16v.5",
  delete: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13", create: "M4 20l1-4L16 5l3 3L8 19z", edit: "M4 20l1-4L16 5l3 3L8 19z",
  undo: "M8 5L4 9l4 4M4 9h10a5 5 0 0 1 0 10h-3", redo: "M16 5l4 4-4 4M20 9H10a5 5 0 0 0 0 10h3", refresh: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  "arrow-back": "M20 12H5M11 6l-6 6 6 6", "arrow-forward": "M4 12h15M13 6l6 6-6 6", "expand-more": "M6 9l6 6 6-6", "expand-less": "M6 15l6-6 6 6",
  menu: "M4 7h16M4 12h16M4 17h16", settings: "M4 8h9M17 8h3M15 6v4M4 16h3M11 16h9M9 14v4", star: "M12 4l2.5 5.3 5.5.8-4 4 1 5.7-5-2.8-5 2.8 1-5.7-4-4 5.5-.8z",
  visibility: "M2 12c3-5 6.5-7 10-7s7 2 10 7c-3 5-6.5 7-10 7s-7-2-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  "thumb-up": "M4 11h3v9H4zM7 11l4-7c1.7 0 2.5 1 2 3l-.7 3H18c1.5 0 2 1 1.7 2.2l-1.5 6c-.3 1.2-1 1.800-2.2 1.800H7",
  "thumb-down": "M20 13h-3V4h3zM17 13l-4 7c-1.7 0-2.5-1-2-3l.7-3H6c-1.5 0-2-1-1.7-2.2l1.5-6C6.100 4.600 6.800 4 8 4h9",
  "zoom-in": "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20M10.5 8v5M8 10.5h5", "zoom-out": "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20M8 10.5h5",
  send: "M3 12l18-8-6 17-4-7zM11 14l10-10", save: "M5 4h11l3 3v13H5zM8 4v5h7V4M8 20v-6h8v6", "file-download": "M12 4v11M7 11l5 5 5-5M5 20h14", "file-upload": "M12 16V5M7 9l5-5 5 5M5 20h14",
  launch: "M13 5h6v6M19 5l-9 9M10 6H5v13h13v-5", "play-arrow": "M8 5l11 7-11 7z", home: "M4 11l8-7 8 7M6 10v10h12V10", flag: "M6 21V4h12l-3 4 3 4H6", favorite: "M12 20C6 15 3 12 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 12 18 15 12 20z",
};

/**
 * An icon by name ("add", "icons:add") or by the address of a picture; null where there is none of that name.
 * @param {string} name
 * @returns {Element|null} hidden from screen readers: the control around it has the words
 */
export function icon(name) {
  if (!name) return null;
  if (/^(https?:|data:|blob:|\.?\/)/.test(name)) {
    const image = Object.assign(document.createElement("img"), { src: name, alt: "", width: 20, height: 20 });
    return image;
  }
  const path = PATHS[name.split(":").at(-1)];
  if (!path) return null;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: 20, height: 20, fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
