// The list of things: pick one to draw on with it, or take it away.
import { h } from "../../element.js";
import { icon } from "../icons.js";

export class RegionsPanel {
  /** @type {string} what is shown now, so that a stroke does not build the list anew */ #shown = "";

  /** @param {HTMLElement} root @param {import("./mask-editor.js").MaskEditor} editor */
  constructor(root, editor) {
    this.editor = editor;
    this.title = h("h2", {}, "Things");
    this.list = h("ol", { class: "shapes" });
    root.append(h("div", { class: "shape-list" }, this.title, this.list));
  }

  refresh() {
    const { drawn, region } = this.editor;
    const isNew = region && !drawn.includes(region);
    const shown = JSON.stringify([drawn, region]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.title.textContent = drawn.length ? `Things (${drawn.length})` : "Things";
    this.list.replaceChildren(
      ...drawn.map((each, i) => this.#row(each, `${each.label} ${drawn.slice(0, i + 1).filter(({ label }) => label === each.label).length}`, each === region)),
      ...(isNew ? [h("li", { class: "next" }, square(region.color), h("span", {}, `Next: a new ${region.label}`))] : []));
  }

  /** @param {import("./mask-editor.js").Region} region @param {string} name @param {boolean} isPicked */
  #row({ id, color }, name, isPicked) {
    return h("li", {},
      h("button", { type: "button", class: "choose", "aria-pressed": String(isPicked), onclick: () => this.editor.pick(id) }, square(color), h("span", { class: "name" }, name)),
      h("button", { type: "button", class: "eye", title: "Delete", "aria-label": `Delete ${name}`, onclick: () => this.editor.clear(id) }, icon("delete")));
  }
}

/** @param {string} color */
function square(color) {
  const element = h("span", { class: "square", "aria-hidden": "true" });
  element.style.background = color;
  return element;
}
