// Boxes by a drag, by two clicks on opposite corners, or by four clicks on the extreme points of the object.
import { spanned } from "../kinds/box.js";

/** @typedef {import("./tool.js").Press} Press */
/** @typedef {import("./tool.js").Tool} Tool */
/** @typedef {import("../geometry.js").Point} Point */

const SIDES = ["top", "left", "bottom", "right"];

/** @implements {Tool} */
export class BoxTool {
  /** Four clicks instead of a drag or two. */ extreme = false;
  /** @type {Point[]} */ #points = [];
  /** @type {Point[]} points taken back */ #taken = [];
  /** @type {Point | null} */ #pointer = null;
  #dragging = false;
  /** The press now under way sets the second corner. */ #placed = false;

  /** @param {import("../editor.js").Editor} editor */
  constructor(editor) { this.editor = editor; }

  get active() { return this.#points.length > 0; }

  get selectsInside() { return !this.extreme; }

  get clicksAnywhere() { return this.extreme; }

  get hint() {
    if (this.extreme) return `Click the outermost points of the object: ${SIDES[this.#points.length]}, ${this.#points.length + 1} of 4.`;
    return this.active && !this.#dragging ? "Click the opposite corner." : "";
  }

  get preview() {
    if (!this.active) return null;
    const ends = this.#pointer ? [...this.#points, this.#pointer] : this.#points;
    const box = spanned(ends, this.editor.size);
    return { path: box ? this.editor.kind.path(/** @type {any} */ (box)) : "", points: this.#dragging ? [] : this.#points };
  }

  /** @param {Press} at */
  down({ p }) {
    this.#pointer = p;
    if (!this.active && !this.extreme) this.#points = [p];
    else this.#placed = true;
  }

  /** @param {Press} at */
  drag({ p }) {
    this.#pointer = p;
    this.#dragging = !this.extreme;
  }

  /** @param {Press} at @param {boolean} dragged */
  up({ p }, dragged) {
    this.#pointer = p;
    if (this.extreme) {
      this.#points.push(p);
      this.#taken = [];
      if (this.#points.length === SIDES.length) this.#complete();
    } else if (dragged || this.#placed) {
      this.#points.push(p);
      this.#complete();
    }
    this.#placed = false;
    this.#dragging = false;
  }

  /** @param {Press} at */
  hover({ p }) { this.#pointer = p; }

  #complete() {
    const box = spanned(this.#points, this.editor.size);
    this.cancel();
    if (box) this.editor.add(box);
  }

  finish() {
    if (!this.active) return false;
    if (this.#pointer) this.#points.push(this.#pointer);
    this.#complete();
    return true;
  }

  abandon() {
    if (this.#placed || this.extreme) this.#placed = false;
    else this.cancel();
  }

  cancel() {
    const was = this.active;
    this.#points = [];
    this.#taken = [];
    this.#pointer = null;
    this.#dragging = false;
    this.#placed = false;
    return was;
  }

  undo() {
    const point = this.#points.pop();
    if (point) this.#taken.push(point);
    return point !== undefined;
  }

  redo() {
    const point = this.active ? this.#taken.pop() : undefined;
    if (point) this.#points.push(point);
    return point !== undefined;
  }
}
