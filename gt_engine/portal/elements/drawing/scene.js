// Shapes as SVG in image pixels. Only what changed is touched: shapes are compared by identity.

/** @typedef {import("./kinds/kind.js").Kind} Kind */
/** @typedef {import("./kinds/kind.js").Shape} Shape */

const SVG = "http://www.w3.org/2000/svg";
const NAMES = 60; // beyond so many shapes, only the selected one shows its label's name

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Element} children @returns {SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @typedef {{shape: Shape, color: string, selected: boolean, root: SVGElement, lines: Element[], tag: SVGElement}} Drawn */

export class Scene {
  /** @type {Map<number, Drawn>} */ #drawn = new Map();
  /** @type {Shape | null} */ #handled = null;

  constructor() {
    this.shapes = svg("g", { class: "shapes", "aria-label": "Shapes" });
    this.begun = svg("g", { class: "begun" });
    this.handles = svg("g", { class: "handles", "aria-hidden": "true" });
    this.root = svg("svg", { class: "scene" }, this.shapes, this.begun, this.handles);
  }

  /** @param {import("./viewport.js").View} view @param {import("./geometry.js").Size} stage */
  look({ scale, x, y }, stage) {
    this.root.setAttribute("viewBox", `${-x / scale} ${-y / scale} ${stage.width / scale} ${stage.height / scale}`);
    this.root.style.setProperty("--px", String(1 / scale)); // one CSS pixel in image pixels
  }

  /**
   * @param {object} now
   * @param {Kind} now.kind
   * @param {readonly Shape[]} now.shapes the visible ones
   * @param {number | null} now.selected
   * @param {(label: string) => string} now.colorOf
   */
  draw({ kind, shapes, selected, colorOf }) {
    const stale = new Set(this.#drawn.keys());
    let before = null;
    for (const shape of shapes) {
      stale.delete(shape.id);
      let drawn = this.#drawn.get(shape.id);
      if (!drawn) this.#drawn.set(shape.id, (drawn = this.#made(shape)));
      this.#update(drawn, shape, kind, colorOf(shape.label), shape.id === selected);
      const place = before ? before.nextSibling : this.shapes.firstChild;
      if (place !== drawn.root) this.shapes.insertBefore(drawn.root, place);
      before = drawn.root;
    }
    for (const id of stale) {
      this.#drawn.get(id)?.root.remove();
      this.#drawn.delete(id);
    }
    if (shapes.length) this.shapes.setAttribute("role", "listbox"); // an empty listbox is an error to assistive technology
    else this.shapes.removeAttribute("role");
    this.root.classList.toggle("unnamed", shapes.length > NAMES);
    this.shapes.classList.toggle("filled", kind.filled);
    this.begun.classList.toggle("filled", kind.filled);
    this.shapes.classList.toggle("dots", kind.noun === "point");
    this.#drawHandles(kind, shapes.find((shape) => shape.id === selected) ?? null);
  }

  /** @param {number} id @returns {SVGElement | undefined} */
  element(id) { return this.#drawn.get(id)?.root; }

  /** @param {Shape} shape @returns {Drawn} */
  #made(shape) {
    const lines = [svg("path", { class: "edge" }), svg("path", { class: "line" })];
    const tag = svg("g", { class: "tag" }, svg("text", { x: 2, y: -7 }));
    const root = svg("g", { class: "shape", tabindex: 0, role: "option", "data-id": shape.id }, ...lines, tag);
    return { shape: /** @type {any} */ (null), color: "", selected: false, root, lines, tag };
  }

  /** @param {Drawn} drawn @param {Shape} shape @param {Kind} kind @param {string} color @param {boolean} selected */
  #update(drawn, shape, kind, color, selected) {
    if (drawn.shape !== shape) {
      const path = kind.path(shape);
      for (const line of drawn.lines) line.setAttribute("d", path);
      const { x, y } = kind.anchor(shape);
      drawn.tag.setAttribute("transform", `translate(${x} ${y})`);
      if (drawn.shape?.label !== shape.label) /** @type {Element} */ (drawn.tag.firstChild).textContent = shape.label;
      drawn.root.setAttribute("aria-label", `${shape.label}, ${kind.noun}, ${kind.describe(shape)}`);
      drawn.shape = shape;
    }
    if (drawn.color !== color) drawn.root.style.color = drawn.color = color;
    if (drawn.selected !== selected || !drawn.root.hasAttribute("aria-selected")) {
      drawn.selected = selected;
      drawn.root.classList.toggle("selected", selected);
      drawn.root.setAttribute("aria-selected", String(selected));
    }
  }

  /** @param {Kind} kind @param {Shape | null} shape */
  #drawHandles(kind, shape) {
    if (shape === this.#handled) return;
    this.#handled = shape;
    const handles = shape ? kind.handles(shape) : [];
    while (this.handles.childElementCount > handles.length) this.handles.lastElementChild?.remove();
    while (this.handles.childElementCount < handles.length) this.handles.append(svg("g", {}, svg("rect", { class: "handle", x: -4.5, y: -4.5, width: 9, height: 9, rx: 2 })));
    handles.forEach(({ x, y }, i) => this.handles.children[i].setAttribute("transform", `translate(${x} ${y})`));
  }

  /** The shape that is being drawn. @param {import("./tools/tool.js").Preview | null} preview @param {string} color */
  drawBegun(preview, color) {
    if (!preview) {
      this.begun.replaceChildren();
      return;
    }
    this.begun.style.color = color;
    this.begun.classList.toggle("wrong", Boolean(preview.wrong));
    this.begun.replaceChildren(
      svg("path", { class: "edge", d: preview.path }), svg("path", { class: "line", d: preview.path }),
      ...preview.points.map(({ x, y }) => svg("g", { transform: `translate(${x} ${y})` }, svg("circle", { class: "handle", r: 4.5 }))));
  }
}
