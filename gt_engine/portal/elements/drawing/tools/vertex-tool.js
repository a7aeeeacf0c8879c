// Polygons, polylines and lines, point by point.
import { crossesItself, distance, segmentsMeet, sides, wholePixel } from "../geometry.js";

/** @typedef {import("./tool.js").Press} Press */
/** @typedef {import("./tool.js").Tool} Tool */
/** @typedef {import("../geometry.js").Point} Point */

/** @implements {Tool} */
export class VertexTool {
  /** @type {Point[]} */ #vertices = [];
  /** @type {Point[]} */ #taken = [];
  /** @type {Press | null} */ #pointer = null;
  /** @type {Point} */ #start = { x: 0, y: 0 };

  /** @param {import("../editor.js").Editor} editor of a kind made by kinds/vertices.js */
  constructor(editor) {
    this.editor = editor;
    this.kind = /** @type {typeof import("../kinds/vertices.js").POLYGON} */ (editor.kind);
  }

  get active() { return this.#vertices.length > 0; }

  /** What is begun, for a draft: points that were placed are work, too. @returns {readonly Point[]} */
  get begun() { return this.#vertices; }

  /** @param {readonly Point[]} points */
  resume(points) {
    this.cancel();
    this.#vertices = points.map(({ x, y }) => wholePixel({ x, y }, this.editor.size));
  }

  /** @returns {string | null} why the page should not be sent yet */
  get problem() {
    const { noun } = this.kind;
    return this.#vertices.length > 1 ? `A ${noun} is begun: end it with Enter, or leave it with Esc.` : null;
  }

  #told() { this.editor.dispatchEvent(new Event("begun")); }

  get hint() {
    const { closed, least, most } = this.kind;
    const count = this.#vertices.length;
    if (!count) return "";
    if (count < least) return `${least - count} more ${least - count === 1 ? "point" : "points"} at least.`;
    if (most < Infinity) return "";
    return closed ? "Enter or a click on the first point closes it." : "Enter or a click on the last point ends it.";
  }

  get preview() {
    if (!this.active) return null;
    const pointer = this.#pointer;
    const end = pointer && (this.kind.closed && this.#ends(pointer) ? this.#vertices[0] : pointer.p);
    const vertices = end ? [...this.#vertices, end] : this.#vertices;
    const path = vertices.map(({ x, y }, i) => `${i ? "L" : "M"}${x} ${y}`).join("");
    return { path, points: this.#vertices, wrong: pointer !== null && !this.#ends(pointer) && this.#crosses(pointer.p) };
  }

  /** Whether a click here ends the shape: on the first point of a polygon, the last of a polyline. @param {Press} at */
  #ends({ p, near }) {
    const count = this.#vertices.length;
    if (count < this.kind.least) return false;
    return distance(p, this.kind.closed ? this.#vertices[0] : this.#vertices[count - 1]) <= near;
  }

  /** Whether a line to p would cross one drawn already. @param {Point} p */
  #crosses(p) {
    const last = this.#vertices[this.#vertices.length - 1];
    if (!this.kind.simple || !last) return false;
    const drawn = sides(this.#vertices, false).slice(0, -1);
    return drawn.some(([a, b]) => segmentsMeet(a, b, last, p));
  }

  /** @param {Press} at */
  down(at) {
    this.#pointer = at;
    this.#start = at.p;
  }

  /** @param {Press} at */
  drag(at) {
    this.#pointer = at;
    const isLine = this.kind.most === 2; // drawn from end to end by one drag as well
    if (isLine && !this.active && this.editor.label !== null) this.#vertices.push(wholePixel(this.#start, this.editor.size));
  }

  /** @param {Press} at */
  up(at) {
    this.#pointer = at;
    if (this.editor.label === null) {
      this.editor.say("Choose a label first.");
      return;
    }
    if (this.#ends(at)) {
      this.finish();
      return;
    }
    const p = wholePixel(at.p, this.editor.size);
    const last = this.#vertices[this.#vertices.length - 1];
    if (last && last.x === p.x && last.y === p.y) return;
    if (this.#crosses(p)) {
      this.editor.say("Lines of one polygon may not cross.");
      return;
    }
    this.#vertices.push(p);
    this.#taken = [];
    this.#told();
    if (this.#vertices.length === this.kind.most) this.finish();
  }

  /** @param {Press} at */
  hover(at) { this.#pointer = at; }

  finish() {
    if (!this.active) return false;
    const { closed, least, noun, simple } = this.kind;
    if (this.#vertices.length < least) this.editor.say(`A ${noun} has at least ${least} points.`);
    else if (simple && crossesItself(this.#vertices, closed)) this.editor.say("The closing line would cross another.");
    else {
      const vertices = this.#vertices;
      this.cancel();
      this.editor.add({ vertices });
    }
    return true;
  }

  abandon() { this.#pointer = null; }

  cancel() {
    const was = this.active;
    this.#vertices = [];
    this.#taken = [];
    this.#pointer = null;
    if (was) this.#told();
    return was;
  }

  undo() {
    const point = this.#vertices.pop();
    if (point) this.#taken.push(point);
    if (point) this.#told();
    return point !== undefined;
  }

  redo() {
    const point = this.active ? this.#taken.pop() : undefined;
    if (point) this.#vertices.push(point);
    if (point) this.#told();
    return point !== undefined;
  }
}
