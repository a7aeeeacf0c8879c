// An element that draws shapes: boxes, polygons, lines, points.
import { h } from "../base.js";
import { ARROWS } from "./crosshair.js";
import { Editor } from "./editor.js";
import { Gestures } from "./gestures.js";
import { ImageElement } from "./image-element.js";
import { Pointers } from "./pointers.js";
import { ShapesPanel } from "./shapes-panel.js";

/** @typedef {import("./geometry.js").Point} Point */

/** A subclass says its `kind`, `field` (the key of its list in the value), and makes its `tool`. */
export class DrawingElement extends ImageElement {
  /** proposed: the initial shapes are a machine's, and a person has to accept, change or delete each of them. */
  static attributes = { ...super.attributes, proposed: "boolean" };
  /** @type {import("./kinds/kind.js").Kind} */ static kind;
  /** @type {string} "boundingBoxes" */ static field;
  /** Whether the first label is chosen from the start, however many there are. */ static choosesLabel = true;
  /** Whether initial shapes of labels that the page does not list are dropped. */ static dropsUnknown = false;
  /** Whether an answer to initial shapes says if they were changed. */ static tellsModified = true;
  #initial = "";
  #followsSelection = false;

  constructor() {
    super();
    const { kind } = /** @type {typeof DrawingElement} */ (this.constructor);
    this.editor = this.shapes = new Editor(kind);
    this.tool = this.makeTool(this.shapes);
    this.gestures = new Gestures(this.surface, this.shapes, this.tool, () => this.#moved());
    this.pointers = new Pointers(this.surface, this.gestures);
    this.surface.root.addEventListener("focusin", (event) => this.#focused(/** @type {Element} */ (event.target)));
    this.shapes.addEventListener("select", () => { this.#followsSelection = true; });
  }

  /** @param {Editor} editor @returns {import("./tools/tool.js").Tool} */
  makeTool(editor) { // eslint-disable-line no-unused-vars
    throw new Error("a subclass makes its tool");
  }

  renderSide(/** @type {HTMLElement} */ root) {
    super.renderSide(root);
    this.note = h("p", { class: "note", role: "status" });
    if (this.proposed) root.append(this.note);
    this.shapesPanel = new ShapesPanel(root, this.shapes, this.labelsPanel.colorOf);
  }

  chooseFirst() {
    const { choosesLabel } = /** @type {typeof DrawingElement} */ (this.constructor);
    if (choosesLabel || this.labelNames.length === 1) super.chooseFirst();
    else if (this.editor.label !== null && !this.labelNames.includes(this.editor.label)) this.editor.label = null;
    this.labelsPanel.refresh();
  }

  // --- value ---

  /** @returns {any[]} the list that a value, an initial value or an answer holds */
  #listOf(/** @type {any} */ value) {
    const { field } = /** @type {typeof DrawingElement} */ (this.constructor);
    const list = Array.isArray(value) ? value : value?.[field];
    return Array.isArray(list) ? list : [];
  }

  /**
   * @param {any} value
   * @param {{known?: boolean, proposed?: (place: number) => boolean}} [how] known: only labels of the page; proposed: which
   * of them are the machine's and not checked
   */
  #read(value, { known = false, proposed = () => false } = {}) {
    const { kind, size } = this.shapes;
    return this.#listOf(value)
      .map((each, place) => {
        const shape = each && typeof each === "object" && (!known || this.labelNames.includes(each.label)) ? kind.read(each, size) : null;
        return shape && proposed(place) ? { ...shape, proposed: true } : shape;
      })
      .filter((shape) => shape !== null);
  }

  get #answers() { return this.shapes.shapes.map((shape) => this.shapes.kind.answer(shape)); }

  begin(/** @type {any} */ draft) {
    const { dropsUnknown } = /** @type {typeof DrawingElement} */ (this.constructor);
    const initial = this.#read(this.json("initial-value"), { known: dropsUnknown, proposed: () => this.proposed });
    const { kind } = this.shapes;
    this.#initial = JSON.stringify(initial.map((shape) => kind.answer(/** @type {any} */ (shape))));
    this.tool.cancel();
    const unchecked = new Set(draft?.unchecked);
    this.shapes.reset(draft === undefined ? initial : this.#read(draft, { proposed: (place) => unchecked.has(place) }), Boolean(draft?.nothing));
    this.#toNext();
    this.#followsSelection = false; // the page may be one that is fetched ahead: it takes no focus
    if (!draft?.begun?.points?.length) return;
    this.shapes.label = draft.begun.label;
    this.tool.resume?.(draft.begun.points);
  }

  get value() {
    if (!this.surface.hasImage) return undefined;
    const { field, tellsModified } = /** @type {typeof DrawingElement} */ (this.constructor);
    const answers = this.#answers;
    /** @type {Record<string, any>} */
    const value = { [field]: answers, inputImageProperties: this.inputImageProperties };
    if (tellsModified && this.json("initial-value") !== undefined) value.initialValueModified = JSON.stringify(answers) !== this.#initial;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  set value(value) { this.draft = value; }

  get ownDraft() {
    const { field } = /** @type {typeof DrawingElement} */ (this.constructor);
    const begun = this.tool.begun?.length ? { begun: { label: this.shapes.label, points: this.tool.begun } } : {};
    const places = this.shapes.shapes.flatMap((shape, place) => (shape.proposed ? [place] : []));
    return { [field]: this.#answers, nothing: this.shapes.nothing, ...(places.length ? { unchecked: places } : {}), ...begun };
  }

  // --- what is shown ---

  get words() { return this.tool.hint || super.words; }

  redraw() {
    const { shapes, surface, gestures } = this;
    const { colorOf } = this.labelsPanel;
    surface.scene.draw({ kind: shapes.kind, shapes: shapes.visible, selected: shapes.selected, colorOf });
    surface.scene.drawBegun(this.tool.preview, colorOf(shapes.label ?? ""));
    if (this.#followsSelection) this.#follow();
    this.#showPointer();
    this.shapesPanel.refresh();
    if (this.note.textContent !== this.#noteWords) this.note.textContent = this.#noteWords;
    this.refresh();
  }

  get #noteWords() {
    const { unchecked, kind } = this.shapes;
    if (!this.surface.hasImage) return "";
    if (!unchecked.length) return "All checked. Draw what is missing.";
    return `${unchecked.length} ${unchecked.length === 1 ? kind.noun : kind.plural} of the machine to check: accept (Y), change or delete.`;
  }

  /** Selects the next shape to check, in the order of the list; nothing where there is none. */
  #toNext() {
    const { shapes, selected } = this.shapes;
    const from = shapes.findIndex(({ id }) => id === selected) + 1;
    const next = [...shapes.slice(from), ...shapes.slice(0, from)].find(({ proposed }) => proposed);
    if (next) this.shapes.select(next.id);
    return next !== undefined;
  }

  /** What is selected is right as it is now; on to the next. */
  #accept() {
    const { selection } = this.shapes;
    if (selection?.proposed) this.shapes.accept(selection);
    if (!this.#toNext()) this.shapes.select(null);
    const next = this.shapes.selection;
    if (next) this.surface.reveal(this.shapes.kind.area(next));
  }

  #showPointer() {
    const { gestures, surface } = this;
    const p = this.crosshair.place ?? gestures.pointer;
    const style = p ? gestures.cursor(p) : "default";
    surface.crosshair(p && (this.crosshair.place || style === "crosshair") ? p : null);
    surface.root.style.cursor = style === "crosshair" ? "none" : style;
    if (!surface.hasImage) surface.root.style.cursor = "";
  }

  /** The pointer has moved: the crosshair is its own again. */
  #moved() {
    if (this.gestures.pointer) this.crosshair.place = null;
    this.planRedraw();
  }

  /** A shape is reached by Tab. @param {Element} target */
  #focused(target) {
    const id = Number(/** @type {HTMLElement} */ (target.closest(".shape"))?.dataset?.id);
    if (!this.shapes.find(id) || this.shapes.selected === id) return;
    this.shapes.select(id);
    this.surface.reveal(this.shapes.kind.area(/** @type {any} */ (this.shapes.find(id))));
  }

  /** The selected shape gets the focus, so that Tab goes on from there. */
  #follow() {
    this.#followsSelection = false;
    const { selected } = this.shapes;
    const element = selected === null ? null : this.surface.scene.element(selected);
    const active = this.shadowRoot?.activeElement;
    if (active && active !== this.surface.root && !this.surface.root.contains(active)) return; // a list or field works on it
    if (element && active !== element) element.focus({ preventScroll: true });
    else if (!element && active !== this.surface.root) this.surface.root.focus({ preventScroll: true });
  }

  get pointer() { return this.gestures.pointer; }

  // --- tools and keys ---

  commands() {
    const { kind } = this.shapes;
    const draws = (/** @type {boolean} */ isDrawing) => () => {
      this.tool.cancel();
      this.gestures.moves = !isDrawing;
      this.redraw();
    };
    const noun = kind.noun[0].toUpperCase() + kind.noun.slice(1);
    return [
      [
        { name: "draw", icon: kind.noun, label: noun, does: `Draw ${kind.plural}`, key: "B", run: draws(true), isOn: () => !this.gestures.moves },
        { name: "move", label: "Move", does: "Select and move shapes, and the image", key: "M", run: draws(false), isOn: () => this.gestures.moves },
        ...this.moreTools(),
      ],
      [
        ...(this.proposed ? [{
          name: "accept", label: "Accept", does: `Accept the machine's ${kind.noun}, and go to the next`, key: "Y",
          run: () => this.#accept(), isPossible: () => this.shapes.unchecked.length > 0,
        }] : []),
        { name: "delete", label: "Delete", does: "Delete the selected shape", key: "Del", run: () => this.#remove(), isPossible: () => this.shapes.selected !== null },
        { name: "copy", label: "Copy last", does: "Copy the shapes of the last image", key: "L", run: () => this.#copyLast(), isPossible: () => this.#listOf(this.last).length > 0 },
        {
          name: "list", label: "List", does: "The list of shapes, on narrow screens", key: "Q",
          run: () => this.#toggleList(), isOn: () => this.parts.side.classList.contains("listing"),
        },
      ],
    ];
  }

  /** On narrow screens labels and shapes take turns. */
  #toggleList() {
    this.parts.side.classList.toggle("listing");
    this.refresh();
  }

  /** @returns {import("./toolbar.js").Command[]} */
  moreTools() { return []; }

  shortcuts() {
    return [
      ...super.shortcuts(),
      { keys: ["Tab"], does: "Select the next shape; a label's key then changes its label" },
      { keys: ["Arrows"], does: "Move the selected shape by 1 pixel, with Shift by 10" },
      { keys: ["Shift+Click"], does: "Draw, whatever lies below the pointer" },
      { keys: ["Alt+Arrows"], does: "Resize the selected shape, with Shift by 10" },
      { keys: ["Enter"], does: "End the shape that is begun" },
      { keys: ["Esc"], does: "Leave the begun shape, then the selection" },
      ...(this.shapes.kind.grown ? [{ keys: ["Alt+Click"], does: "On a line: add a point; on a point: remove it" }] : []),
    ];
  }

  validate() {
    const stranger = this.shapes.shapes.find(({ label }) => !this.labelNames.includes(label));
    if (this.surface.hasImage && stranger) return `"${stranger.label}" is no label of this task: choose another for that ${this.shapes.kind.noun}, or delete it.`;
    const { unchecked, kind } = this.shapes;
    if (unchecked.length) return `${unchecked.length} ${unchecked.length === 1 ? kind.noun : kind.plural} of the machine not checked: accept (Y), change or delete each.`;
    return this.tool.problem ?? super.validate();
  }

  get canUndo() { return this.tool.active || super.canUndo; }

  undo() {
    if (this.tool.undo()) this.planRedraw();
    else super.undo();
  }

  redo() {
    if (this.tool.redo()) this.planRedraw();
    else super.redo();
  }

  #remove() {
    const { selection } = this.shapes;
    if (!selection) return false;
    const next = selection.proposed ? this.shapes.unchecked.find((shape) => shape !== selection) : undefined;
    this.shapes.remove(selection.id);
    this.surface.root.focus({ preventScroll: true });
    if (next) this.shapes.select(next.id);
    return true;
  }

  #copyLast() { this.shapes.addAll(/** @type {any} */ (this.#read(this.last))); }

  onOwnKey(/** @type {string} */ key, /** @type {KeyboardEvent} */ event) {
    if (ARROWS[key]) return this.#onArrow(ARROWS[key], event);
    if (event.altKey) return false;
    if (key === "Delete" || key === "Backspace") return this.#remove();
    if (key === "Enter") return this.#redrawn(this.tool.finish());
    if (key === "Escape") return this.#onEscape();
    return false;
  }

  /** @param {boolean} used */
  #redrawn(used) {
    if (used) this.planRedraw();
    return used;
  }

  #onEscape() {
    if (this.tool.cancel() || this.crosshair.place) {
      this.crosshair.place = null;
      return this.#redrawn(true);
    }
    if (this.shapes.selected === null) return false;
    this.shapes.select(null);
    return true;
  }

  /** @param {Point} way @param {KeyboardEvent} event */
  #onArrow(way, event) {
    const { shapes } = this;
    const { shiftKey, altKey } = event;
    const shape = this.tool.active ? undefined : shapes.selection;
    if (!shape) {
      const p = this.crosshair.move(way, event, this.gestures.pointer);
      this.tool.hover({ p, near: this.gestures.near });
      return this.#redrawn(true);
    }
    const step = shiftKey ? 10 : 1;
    const by = { x: way.x * step, y: way.y * step };
    const changed = altKey ? shapes.kind.resized(shape, by, shapes.size) : shapes.kind.moved(shape, by, shapes.size);
    shapes.replace(changed, `${altKey ? "resize" : "nudge"} ${shape.id}`);
    this.surface.reveal(shapes.kind.area(changed));
    return true;
  }

  clickAt(/** @type {Point} */ p) {
    this.gestures.click(p);
    this.crosshair.place = this.tool.active || this.shapes.selected === null ? p : null;
  }
}
