// The list of shapes; the selected one can be set by numbers.
import { h } from "../element.js";
import { icon } from "./icons.js";

/** @typedef {import("./kinds/kind.js").Shape} Shape */

export class ShapesPanel {
  /** @type {Map<number, {shape: Shape | null, row: HTMLElement, button: HTMLElement, square: HTMLElement, name: HTMLElement, mark: HTMLElement, place: HTMLElement}>} */ #rows = new Map();
  /** @type {number | null} */ #open = null;

  /** @param {HTMLElement} root @param {import("./editor.js").Editor} editor @param {(label: string) => string} colorOf */
  constructor(root, editor, colorOf) {
    this.editor = editor;
    this.colorOf = colorOf;
    const { plural } = editor.kind;
    this.title = h("h2", {});
    this.title.dataset.noun = plural[0].toUpperCase() + plural.slice(1);
    this.list = h("ol", { class: "shapes" });
    this.fields = h("div", { class: "fields" });
    this.root = h("div", { class: "shape-list" }, this.title, this.list);
    root.append(this.root);
  }

  /** Follows the editor; only rows of changed shapes are touched. */
  refresh() {
    const { shapes, selected } = this.editor;
    this.title.textContent = shapes.length ? `${this.title.dataset.noun} (${shapes.length})` : this.title.dataset.noun ?? "";
    this.#forget(shapes);
    let before = null;
    for (const shape of shapes) {
      let row = this.#rows.get(shape.id);
      if (!row) this.#rows.set(shape.id, (row = this.#made(shape.id)));
      if (row.shape !== shape) {
        row.shape = shape;
        row.name.textContent = shape.label;
        row.mark.textContent = shape.proposed ? "machine" : "";
        row.place.textContent = this.editor.kind.describe(shape);
      }
      const color = this.colorOf(shape.label);
      if (row.square.dataset.color !== color) row.square.style.background = row.square.dataset.color = color;
      const place = before ? before.nextSibling : this.list.firstChild;
      if (place !== row.row) this.list.insertBefore(row.row, place);
      before = row.row;
    }
    this.#openFields(selected);
  }

  /** @param {readonly Shape[]} shapes */
  #forget(shapes) {
    const ids = new Set(shapes.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  /** @param {number} id */
  #made(id) {
    const square = h("span", { class: "square", "aria-hidden": "true" });
    const name = h("span", { class: "name" });
    const place = h("span", { class: "visually-hidden" });
    const mark = h("span", { class: "mark" });
    const button = h("button", { type: "button", class: "choose", onclick: () => this.editor.select(this.editor.selected === id ? null : id) }, square, name, mark, place);
    const remove = h("button", { type: "button", class: "eye", title: "Delete", onclick: () => this.editor.remove(id) }, icon("delete"), h("span", { class: "visually-hidden" }, "Delete"));
    return { shape: null, row: h("li", {}, button, remove), button, square, name, mark, place };
  }

  /** @param {number | null} id */
  #openFields(id) {
    const { kind, selection } = this.editor;
    if (id !== this.#open) {
      if (this.#open !== null) this.#rows.get(this.#open)?.button.setAttribute("aria-expanded", "false");
      this.fields.remove();
      this.fields.replaceChildren();
      this.#open = id;
    }
    const row = id === null ? undefined : this.#rows.get(id);
    if (!row || !selection) return;
    const fields = kind.fields(selection);
    if (this.fields.childElementCount !== fields.length) this.fields.replaceChildren(...fields.map(({ name }, i) => this.#field(name, i)));
    fields.forEach(({ value }, i) => {
      const input = /** @type {HTMLInputElement} */ (this.fields.children[i].lastElementChild);
      if (Number(input.value) !== value || input.value === "") input.value = String(value);
    });
    if (this.fields.parentElement === row.row) return;
    row.row.append(this.fields);
    row.button.setAttribute("aria-expanded", "true");
    row.row.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} name @param {number} index */
  #field(name, index) {
    const input = h("input", { type: "number", min: 0, step: 1, "aria-label": name });
    const set = () => {
      const shape = this.editor.selection;
      const value = Math.round(Number(input.value));
      if (shape && input.value !== "" && Number.isFinite(value)) this.editor.replace(this.editor.kind.withField(shape, index, value, this.editor.size));
      this.refresh(); // a number outside the image comes back as the nearest inside
    };
    input.addEventListener("change", set);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it does not submit the page
      set();
    });
    return h("label", {}, h("span", { "aria-hidden": "true" }, name), input);
  }
}
