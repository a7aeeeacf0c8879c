// Icons of the toolbar, 20 × 20, drawn in the text's colour.

/** @type {Record<string, string>} */
const PATHS = {
  box: '<path d="M4 5.5h12v9H4z"/><path class="dot" d="M4 5.5h0M16 5.5h0M4 14.5h0M16 14.5h0"/>',
  polygon: '<path d="M4 7.5 11 3.5l5.5 5-2 7.5H6z"/><path class="dot" d="M4 7.5h0M11 3.5h0M16.5 8.5h0M14.5 16h0M6 16h0"/>',
  polyline: '<path d="m3.5 15.5 4-8 5 5 4-8"/><path class="dot" d="M3.5 15.5h0M7.5 7.5h0M12.5 12.5h0M16.5 4.5h0"/>',
  line: '<path d="m4 16 12-12"/><path class="dot" d="M4 16h0M16 4h0"/>',
  point: '<circle cx="10" cy="10" r="5.5"/><path class="dot" d="M10 10h0"/>',
  move: '<path d="M10 2.8v14.4M2.8 10h14.4M7.7 5 10 2.8 12.3 5M7.7 15l2.3 2.2 2.3-2.2M5 7.7 2.8 10 5 12.3M15 7.7l2.2 2.3-2.2 2.3"/>',
  extreme: '<path stroke-dasharray="2 2" d="M4 5h12v10H4z"/><path class="dot" d="M9 5h0M16 9h0M11 15h0M4 11h0"/>',
  in: '<circle cx="8.7" cy="8.7" r="5.2"/><path d="m12.6 12.6 4 4M8.7 6.4V11M6.4 8.7H11"/>',
  out: '<circle cx="8.7" cy="8.7" r="5.2"/><path d="m12.6 12.6 4 4M6.4 8.7H11"/>',
  fit: '<path d="M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13"/><path d="M7 7.5h6v5H7z"/>',
  brightness: '<circle cx="10" cy="10" r="3.2"/><path d="M10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M15.3 4.7l-1.4 1.4M6.1 13.9l-1.4 1.4"/>',
  contrast: '<circle cx="10" cy="10" r="6.5"/><path class="full" d="M10 3.5a6.5 6.5 0 0 1 0 13z"/>',
  undo: '<path d="M7 4 3.5 7.5 7 11M4 7.5h7.5a4.5 4.5 0 0 1 0 9H7"/>',
  redo: '<path d="m13 4 3.5 3.5L13 11M16 7.5H8.5a4.5 4.5 0 0 0 0 9H13"/>',
  delete: '<path d="M3.5 5.5h13M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5"/>',
  accept: '<path d="m4 10.5 4 4 8-9"/>',
  copy: '<path d="M7.5 7.5h9v9h-9z"/><path d="M12.5 7.500v-4h-9v9h4"/>',
  list: '<path d="M7 5h9.5M7 10h9.5M7 15h9.5"/><path class="dot" d="M3.7 5h0M3.7 10h0M3.7 15h0"/>',
  eye: '<path d="M2.5 10S5.3 5 10 5s7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5z"/><circle cx="10" cy="10" r="2.2"/>',
  hidden: '<path d="M4 4l12 12M8 5.300A7 7 0 0 1 10 5c4.7 0 7.5 5 7.5 5a13 13 0 0 1-2.3 2.900M12.5 14.500A7 7 0 0 1 10 15c-4.7 0-7.5-5-7.5-5a13 13 0 0 1 2.9-3.3"/>',
  brush: '<path d="M16.5 3.500c-4 2-6.5 4.5-8 7l1.5 1.500c2.5-1.5 5-4 6.5-8.500zM8 11.500c-3 0-2.5 3.5-5 4 2 1.5 6 1 6.5-2.5"/>',
  eraser: '<path d="m8 16 8.5-8.5-4-4L3.5 12l4 4H17M8 7.500l4.5 4.5"/>',
  size: '<circle cx="6" cy="12.5" r="2"/><circle cx="13" cy="9.5" r="4.5"/>',
  fill: '<path d="m9 3.5 6.5 6.5-6 6L3 9.500zM7 5.5 5 3.5"/><path class="full" d="M17 12.500s1.5 2 1.5 3a1.5 1.5 0 0 1-3 0c0-1 1.5-3 1.5-3z"/>',
};

/** @param {string} name @returns {SVGElement} */
export function icon(name) {
  const template = document.createElement("template");
  template.innerHTML = `<svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">${PATHS[name]}</svg>`;
  return /** @type {any} */ (template.content.firstElementChild);
}
