// The shapes of one image and everything that may be done to them: no DOM, no pointer, no keys.
import { History } from "./history.js";

/** @typedef {import("./kinds/kind.js").Kind} Kind */
/** @typedef {import("./kinds/kind.js").Shape} Shape */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Size} Size */
/** @typedef {{shapes: readonly Shape[], nothing: boolean}} State */

/**
 * Fires `change` (a person changed shapes or the "nothing" mark), `show` (what is seen changed: a gesture under way, or
 * all was replaced), `select` (selection, label or visibility), `say` (detail: words for everybody) and `tell` (detail:
 * words for who does not see the image).
 */
export class Editor extends EventTarget {
  /** @type {readonly Shape[]} */ shapes = [];
  /** The person says that there is nothing to label. */ nothing = false;
  /** @type {number | null} */ selected = null;
  /** The selected shape was just drawn: a label key then chooses the next shape's label. */ fresh = false;
  /** @type {string | null} */ label = null;
  /** @type {Set<string>} labels that are not shown */ hidden = new Set();
  /** @type {Size} */ size = { width: 0, height: 0 };
  /** @type {History<State>} */ history = new History();
  /** @type {State | null} */ #before = null;
  #next = 1;

  /** @param {Kind} kind */
  constructor(kind) {
    super();
    this.kind = kind;
  }

  /** @returns {State} */
  get state() { return { shapes: this.shapes, nothing: this.nothing }; }

  /** @returns {Shape | undefined} */
  get selection() { return this.selected === null ? undefined : this.find(this.selected); }

  /** @param {number} id */
  find(id) { return this.shapes.find((shape) => shape.id === id); }

  get isEmpty() { return this.shapes.length === 0; }

  /** Shapes of the machine that nobody has accepted or changed yet. @returns {readonly Shape[]} */
  get unchecked() { return this.shapes.filter((shape) => shape.proposed); }

  /** How many shapes each label has. @returns {Map<string, number>} */
  get counts() {
    const counts = new Map();
    for (const { label } of this.shapes) counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts;
  }

  /** @returns {readonly Shape[]} in drawing order */
  get visible() { return this.hidden.size ? this.shapes.filter(({ label }) => !this.hidden.has(label)) : this.shapes; }

  /** @param {string} words */
  say(words) { this.dispatchEvent(new CustomEvent("say", { detail: words })); }

  /** @param {string} words */
  tell(words) { this.dispatchEvent(new CustomEvent("tell", { detail: words })); }

  /** @param {"change" | "show"} type */
  #changed(type = "change") {
    if (this.selected !== null && !this.selection) this.selected = null;
    this.dispatchEvent(new Event(type));
  }

  #selectionChanged() { this.dispatchEvent(new Event("select")); }

  /** Replaces everything without a step of undo: a page's initial value, a draft. @param {readonly Omit<Shape, 'id'>[]} shapes @param {boolean} nothing */
  reset(shapes, nothing = false) {
    this.shapes = shapes.map((shape) => /** @type {Shape} */ ({ ...shape, id: this.#next++ }));
    this.nothing = nothing && !this.shapes.length;
    this.history.clear();
    this.selected = null;
    this.#changed("show");
  }

  /** A gesture begins: what `preview` shows from here is one step of undo, or none. */
  begin() { this.#before = this.state; }

  /** @param {readonly Shape[]} shapes */
  preview(shapes) {
    this.shapes = shapes;
    this.#changed("show");
  }

  /** @param {string} [key] see History.push */
  commit(key) {
    const before = this.#before;
    this.#before = null;
    if (!before) return;
    if (before.nothing === this.nothing && areEqual(before.shapes, this.shapes)) {
      this.shapes = before.shapes; // a step that changed nothing is none to undo
      return;
    }
    this.shapes = this.shapes.map((shape) => (shape.proposed && !before.shapes.includes(shape) ? checked(shape) : shape));
    if (this.shapes.length) this.nothing = false;
    this.history.push(before, key);
    this.#changed();
  }

  rollback() {
    if (!this.#before) return;
    this.shapes = this.#before.shapes;
    this.#before = null;
    this.#changed("show");
  }

  /** @param {readonly Shape[]} shapes @param {string} [key] */
  #apply(shapes, key) {
    this.begin();
    this.shapes = shapes;
    this.commit(key);
  }

  /** @param {Shape} shape in place of the one with its id @returns {readonly Shape[]} */
  with(shape) { return this.shapes.map((old) => (old.id === shape.id ? shape : old)); }

  /** @param {Shape} shape @param {string} [key] */
  replace(shape, key) {
    if (this.find(shape.id) !== shape) this.#apply(this.with(shape), key);
  }

  /** Adds what was drawn and selects it. @param {Omit<Shape, 'id' | 'label'> & {label?: string}} drawn @returns {Shape | null} null: no label is chosen */
  add(drawn) {
    const label = drawn.label ?? this.label;
    if (label === null) {
      this.say("Choose a label first.");
      return null;
    }
    const shape = /** @type {Shape} */ ({ ...drawn, label, id: this.#next++ });
    this.hidden.delete(label);
    this.#apply([...this.shapes, shape]);
    this.select(shape.id, { fresh: true });
    this.tell(`${label}, ${this.kind.noun} ${this.shapes.length}: ${this.kind.describe(shape)}.`);
    return shape;
  }

  /** @param {readonly Omit<Shape, 'id'>[]} drawn */
  addAll(drawn) {
    this.#apply([...this.shapes, ...drawn.map((shape) => /** @type {Shape} */ ({ ...shape, id: this.#next++ }))]);
    this.say(`${drawn.length} ${drawn.length === 1 ? this.kind.noun : this.kind.plural} copied from the last image.`);
  }

  /** The machine's shape is right as it is. @param {Shape} shape */
  accept(shape) {
    this.#apply(this.with(checked(shape)));
    this.tell(`${shape.label} accepted, ${this.unchecked.length} to check.`);
  }

  /** @param {number} id */
  remove(id) {
    const shape = this.find(id);
    if (!shape) return;
    this.#apply(this.shapes.filter((other) => other !== shape));
    this.tell(`${shape.label} deleted.`);
  }

  /** @param {boolean} nothing */
  markNothing(nothing) {
    if (this.shapes.length || nothing === this.nothing) return;
    this.begin();
    this.nothing = nothing;
    this.commit();
  }

  /** @param {number | null} id @param {{fresh?: boolean}} [how] */
  select(id, { fresh = false } = {}) {
    if (id === this.selected && fresh === this.fresh) return;
    this.selected = id;
    this.fresh = fresh;
    this.#selectionChanged();
  }

  /** Chooses the label of what is drawn next, and of the selected shape unless that was just drawn. @param {string} label */
  choose(label) {
    this.label = label;
    const shape = this.selection;
    if (shape && !this.fresh) this.replace({ ...shape, label });
    else if (shape) this.select(null);
    this.#selectionChanged();
  }

  /** @param {string} label @param {boolean} shown */
  show(label, shown) {
    if (shown) this.hidden.delete(label);
    else this.hidden.add(label);
    if (!shown && this.selection?.label === label) this.selected = null;
    this.#selectionChanged();
  }

  undo() { this.#travel(this.history.undo(this.state)); }

  redo() { this.#travel(this.history.redo(this.state)); }

  /** @param {State} state */
  #travel(state) {
    this.shapes = state.shapes;
    this.nothing = state.nothing;
    this.fresh = false;
    this.#changed();
  }

  /** The shape below a point: the nearest outline, else the smallest that contains it. @param {Point} p @param {number} near image pixels @param {boolean} insides */
  at(p, near, insides) {
    const { kind } = this;
    let best = null;
    let least = near;
    let smallest = Infinity;
    for (const shape of this.visible) {
      const { left, top, right, bottom } = kind.area(shape);
      if (p.x < left - near || p.x > right + near || p.y < top - near || p.y > bottom + near) continue;
      const away = kind.distance(shape, p) - (shape.id === this.selected ? near / 4 : 0);
      if (away <= least) [best, least] = [shape, away];
      else if (insides && least === near && kind.contains(shape, p) && (right - left) * (bottom - top) < smallest) {
        [best, smallest] = [shape, (right - left) * (bottom - top)];
      }
    }
    return best;
  }
}

/** @param {Shape} shape @returns {Shape} no longer the machine's alone */
function checked({ proposed, ...shape }) { // eslint-disable-line no-unused-vars
  return /** @type {Shape} */ (shape);
}

/** @param {readonly Shape[]} some @param {readonly Shape[]} others */
const areEqual = (some, others) =>
  some === others
  || (some.length === others.length && some.every((shape, i) => shape === others[i] || JSON.stringify(shape) === JSON.stringify(others[i])));
