// Shapes as SVG in image pixels. Only what changed is touched: shapes are compared by identity.

/** @typedef {import("./kinds/kind.js").Kind} Kind */
/** @typedef {import("./kinds/kind.js").Shape} Shape */

const SVG = "http://www.w3.org/2000/svg";
const FEW = 60; // beyond so many shapes, dark edges and names would hide the image: only the selected one shows its name

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...Element} children @returns {SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @typedef {{shape: Shape, color: string, selected: boolean, root: SVGElement, lines: Element[]}} Drawn */

export class Scene {
  /** @type {Map<number, Drawn>} */ #drawn = new Map();
  /** @type {Shape | null} */ #handled = null;

  constructor() {
    this.shapes = svg("g", { class: "shapes", role: "group", "aria-label": "Shapes" });
    this.tags = svg("g", { class: "tags", "aria-hidden": "true" });
    this.begun = svg("g", { class: "begun" });
    this.handles = svg("g", { class: "handles", "aria-hidden": "true" });
    this.root = svg("svg", { class: "scene" }, this.shapes, this.tags, this.begun, this.handles);
  }

  /** @param {import("./viewport.js").View} view @param {import("./geometry.js").Size} stage */
  look({ scale, x, y }, stage) {
    this.root.setAttribute("viewBox", `${-x / scale} ${-y / scale} ${stage.width / scale} ${stage.height / scale}`);
    // One CSS pixel in image pixels. Not set on the root: a thousand shapes that do not use it would be styled anew.
    for (const layer of [this.tags, this.begun, this.handles]) layer.style.setProperty("--px", String(1 / scale));
  }

  /**
   * @param {object} now
   * @param {Kind} now.kind
   * @param {readonly Shape[]} now.shapes the visible ones
   * @param {number | null} now.selected
   * @param {(label: string) => string} now.colorOf
   */
  draw({ kind, shapes, selected, colorOf }) {
    this.#forget(shapes);
    let before = null;
    for (const shape of shapes) {
      let drawn = this.#drawn.get(shape.id);
      if (!drawn) this.#drawn.set(shape.id, (drawn = this.#made(shape)));
      this.#update(drawn, shape, kind, colorOf(shape.label), shape.id === selected);
      const place = before ? before.nextSibling : this.shapes.firstChild;
      if (place !== drawn.root) this.shapes.insertBefore(drawn.root, place);
      before = drawn.root;
    }
    // An empty listbox is an error to assistive technology.
    this.shapes.setAttribute("role", shapes.length ? "listbox" : "group");
    const isCrowded = shapes.length > FEW;
    const chosen = shapes.find((shape) => shape.id === selected) ?? null;
    this.root.classList.toggle("crowded", isCrowded);
    this.#drawTags(kind, !isCrowded ? shapes : chosen ? [chosen] : []);
    this.shapes.classList.toggle("filled", kind.filled);
    this.begun.classList.toggle("filled", kind.filled);
    this.shapes.classList.toggle("dots", kind.noun === "point");
    this.#drawHandles(kind, chosen);
  }

  /** Takes away what is drawn no more; first, so that what stays need not be moved. @param {readonly Shape[]} shapes */
  #forget(shapes) {
    const ids = new Set(shapes.map(({ id }) => id));
    for (const [id, { root }] of this.#drawn) {
      if (ids.has(id)) continue;
      root.remove();
      this.#drawn.delete(id);
    }
  }

  /** @param {number} id @returns {SVGElement | undefined} */
  element(id) { return this.#drawn.get(id)?.root; }

  /** @param {Shape} shape @returns {Drawn} */
  #made(shape) {
    const lines = [svg("path", { class: "edge" }), svg("path", { class: "line" })];
    const root = svg("g", { class: "shape", tabindex: 0, role: "option", "data-id": shape.id }, ...lines);
    return { shape: /** @type {any} */ (null), color: "", selected: false, root, lines };
  }

  /** @param {Drawn} drawn @param {Shape} shape @param {Kind} kind @param {string} color @param {boolean} selected */
  #update(drawn, shape, kind, color, selected) {
    if (drawn.shape !== shape) {
      const path = kind.path(shape);
      for (const line of drawn.lines) line.setAttribute("d", path);
      drawn.root.setAttribute("aria-label", `${shape.label}, ${kind.noun}${shape.proposed ? " of the machine, not checked" : ""}, ${kind.describe(shape)}`);
      drawn.root.classList.toggle("proposed", Boolean(shape.proposed));
      drawn.shape = shape;
    }
    if (drawn.color !== color) drawn.root.style.color = drawn.color = color;
    if (drawn.selected !== selected || !drawn.root.hasAttribute("aria-selected")) {
      drawn.selected = selected;
      drawn.root.classList.toggle("selected", selected);
      drawn.root.setAttribute("aria-selected", String(selected));
    }
  }

  /** The names of labels. @param {Kind} kind @param {readonly Shape[]} shapes */
  #drawTags(kind, shapes) {
    while (this.tags.childElementCount > shapes.length) this.tags.lastElementChild?.remove();
    while (this.tags.childElementCount < shapes.length) this.tags.append(svg("g", { class: "tag" }, svg("text", { x: 2, y: -7 })));
    shapes.forEach((shape, i) => {
      const { x, y } = kind.anchor(shape);
      const tag = this.tags.children[i];
      const place = `translate(${x} ${y})`;
      if (tag.getAttribute("transform") !== place) tag.setAttribute("transform", place);
      const name = shape.proposed ? `${shape.label} · machine` : shape.label;
      if (tag.textContent !== name) /** @type {Element} */ (tag.firstChild).textContent = name;
    });
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
