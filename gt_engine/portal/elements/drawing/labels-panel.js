// The list of labels: colour, name, how many, key, and an eye to hide them on the image.
import { h } from "../element.js";
import { icon } from "./icons.js";
import { color, keyOf, UNKNOWN } from "./labels.js";

const HEX = /^#[0-9a-f]{6}$/i; // masks need a colour's numbers, so names of colours are none
const SEARCHED = 9; // labels from which the list has a search field

export class LabelsPanel {
  /** @type {readonly string[]} */ labels = [];
  /** @type {readonly (string | undefined)[]} */ colors = [];
  /** @type {Map<string, {row: HTMLElement, choose: HTMLElement, count: HTMLElement, eye: HTMLElement}>} */ #rows = new Map();

  /** @param {HTMLElement} root @param {import("./image-element.js").ImageEditor} editor @param {() => void} done gives the focus back */
  constructor(root, editor, done) {
    this.editor = editor;
    this.done = done;
    this.search = h("input", { type: "search", placeholder: "Search", "aria-label": "Search labels", hidden: true });
    this.search.addEventListener("input", () => this.#filter());
    this.search.addEventListener("keydown", (event) => this.#onKey(event));
    this.list = h("ul", { class: "labels" });
    root.append(h("h2", {}, "Labels"), this.search, this.list);
  }

  /** @param {string} label @returns {string} "#rrggbb" */
  colorOf = (label) => {
    const index = this.labels.indexOf(label);
    return index < 0 ? UNKNOWN : this.colors[index] ?? color(index);
  };

  /** @param {readonly string[]} labels @param {readonly string[]} [colors] of the labels, as label-colors has them */
  set(labels, colors = []) {
    this.labels = labels;
    this.colors = colors.map((each) => (HEX.test(each) ? each : undefined));
    this.#rows.clear();
    this.list.replaceChildren(...labels.map((label, index) => this.#row(label, index)));
    this.search.hidden = labels.length < SEARCHED;
    this.refresh();
  }

  /** @param {string} label @param {number} index */
  #row(label, index) {
    const count = h("span", { class: "count" });
    const key = keyOf(index);
    const square = h("span", { class: "square", "aria-hidden": "true" });
    square.style.background = this.colorOf(label);
    const choose = h("button", { type: "button", class: "choose", "aria-keyshortcuts": key, onclick: () => this.editor.choose(label) },
      square, h("span", { class: "name" }, label), count, key && h("kbd", { "aria-hidden": "true" }, key.toUpperCase()));
    const eye = h("button", { type: "button", class: "eye", onclick: () => this.editor.show(label, this.editor.hidden.has(label)) });
    const row = h("li", {}, choose, eye);
    this.#rows.set(label, { row, choose, count, eye });
    return row;
  }

  #filter() {
    const words = this.search.value.trim().toLowerCase();
    for (const [label, { row }] of this.#rows) row.hidden = !label.toLowerCase().includes(words);
  }

  /** Enter takes the first label that is left; it does not submit the page. @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    const first = [...this.#rows].find(([, { row }]) => !row.hidden);
    if (event.key === "Enter" && first) this.editor.choose(first[0]);
    this.search.value = "";
    this.#filter();
    this.done();
  }

  /** Follows the editor. */
  refresh() {
    const { counts } = this.editor;
    for (const [label, { row, choose, count, eye }] of this.#rows) {
      const isHidden = this.editor.hidden.has(label);
      count.textContent = String(counts.get(label) || "");
      choose.setAttribute("aria-pressed", String(this.editor.label === label));
      row.classList.toggle("off", isHidden);
      if (eye.dataset.hidden === String(isHidden)) continue;
      eye.dataset.hidden = String(isHidden);
      eye.setAttribute("aria-label", `${isHidden ? "Show" : "Hide"} ${label}`);
      eye.title = `${isHidden ? "Show" : "Hide"} ${label} on the image`;
      eye.replaceChildren(icon(isHidden ? "hidden" : "eye"));
    }
  }
}
