// What a press does: draw, select, move, drag a handle or pan.
import { distance, inside } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./pointers.js").Means} Means */
/** @typedef {import("./pointers.js").Receiver} Receiver */
/** @typedef {{drag: (p: Point) => void, release: (p: Point, dragged: boolean) => void, abandon: () => void}} Gesture  in image pixels */

const NEAR = { mouse: 6, touch: 22 }; // CSS pixels around a line or handle that count as on it

/** @implements {Receiver} */
export class Gestures {
  /** The pointer moves things instead of drawing. */ moves = false;
  /** @type {Means} */ #means = "mouse";
  /** @type {Gesture | null} */ #gesture = null;
  /** @type {Point | null} where the pointer is, in image pixels */ pointer = null;

  /**
   * @param {import("./surface.js").Surface} surface
   * @param {import("./editor.js").Editor} editor
   * @param {import("./tools/tool.js").Tool} tool
   * @param {() => void} moved after every movement
   */
  constructor(surface, editor, tool, moved) {
    this.surface = surface;
    this.editor = editor;
    this.tool = tool;
    this.moved = moved;
  }

  /** How far "on it" reaches, in image pixels. */
  get near() { return NEAR[this.#means] / this.surface.view.scale; }

  /** @param {Point} at @param {Means} means @param {{altKey: boolean, shiftKey: boolean}} event */
  press(at, means, event) {
    this.#means = means;
    const p = this.surface.toImage(at);
    this.pointer = p;
    this.#gesture = this.#begun(p, event);
    this.moved();
  }

  /** @param {Point} at */
  drag(at) {
    this.pointer = this.surface.toImage(at);
    this.#gesture?.drag(this.pointer);
    this.moved();
  }

  /** @param {Point} at @param {boolean} dragged */
  release(at, dragged) {
    this.pointer = this.surface.toImage(at);
    const gesture = this.#gesture;
    this.#gesture = null;
    gesture?.release(this.pointer, dragged);
    if (this.#means === "touch") this.pointer = null;
    this.moved();
  }

  abandon() {
    this.#gesture?.abandon();
    this.#gesture = null;
    this.moved();
  }

  /** @param {Point | null} at */
  hover(at) {
    this.#means = "mouse";
    this.pointer = at && this.surface.toImage(at);
    if (this.pointer && this.tool.active) this.tool.hover({ p: this.pointer, near: this.near });
    this.moved();
  }

  /** A click by the keyboard. @param {Point} p image pixels */
  click(p) {
    this.#means = "mouse";
    const gesture = this.#begun(p, { altKey: false, shiftKey: false });
    gesture.release(p, false);
    this.moved();
  }

  /** The style of the pointer at p. @param {Point} p @returns {string} */
  cursor(p) {
    if (this.tool.active) return "crosshair";
    const handle = this.#handleAt(p);
    if (handle >= 0) return this.editor.kind.handles(/** @type {any} */ (this.editor.selection))[handle].cursor;
    if (this.editor.at(p, this.near, this.moves)) return "move";
    return this.moves ? "grab" : "crosshair";
  }

  /** @param {Point} p @returns {number} of the selected shape; -1: none here */
  #handleAt(p) {
    const { selection, kind } = this.editor;
    if (!selection) return -1;
    let best = -1;
    let least = this.near * 1.3;
    kind.handles(selection).forEach((handle, i) => {
      if (distance(handle, p) <= least) [best, least] = [i, distance(handle, p)];
    });
    return best;
  }

  /** @param {Point} p @param {{altKey: boolean, shiftKey: boolean}} keys @returns {Gesture} */
  #begun(p, { altKey, shiftKey }) {
    const { editor, tool } = this;
    if (tool.active || (shiftKey && !this.moves)) return this.#drawing(p);
    const handle = this.#handleAt(p);
    if (handle >= 0) return altKey ? this.#removing(handle) : this.#dragging(handle, p);
    const shape = editor.at(p, this.near, this.moves);
    if (shape && tool.clicksAnywhere && !this.moves) {
      const move = () => {
        editor.select(shape.id);
        return this.#moving(p);
      };
      return this.#undecided({ click: () => this.#drawing(p).release(p, false), drag: move });
    }
    if (shape) {
      editor.select(shape.id);
      const grown = altKey && editor.kind.grown?.(shape, p, this.near, editor.size);
      if (!grown) return this.#moving(p);
      editor.replace(grown.shape);
      return this.#dragging(grown.handle, p);
    }
    const around = tool.selectsInside ? editor.at(p, this.near, true) : null;
    const draw = () => {
      editor.select(null);
      return this.#drawing(p);
    };
    if (around && around.id !== editor.selected) return this.#undecided({ click: () => editor.select(around.id), drag: draw });
    if (!this.moves) return draw();
    editor.select(null);
    return this.#panning(p);
  }

  /** What a press means shows in whether the pointer moves. @param {{click: () => void, drag: () => Gesture}} either @returns {Gesture} */
  #undecided({ click, drag }) {
    return {
      drag: (p) => {
        this.#gesture = drag();
        this.#gesture.drag(p);
      },
      release: click,
      abandon() {},
    };
  }

  /** @param {Point} start @returns {Gesture} */
  #drawing(start) {
    const { tool } = this;
    const at = (/** @type {Point} */ p) => ({ p, near: this.near });
    tool.down(at(start));
    return {
      drag: (p) => tool.drag(at(p)),
      release: (p, dragged) => tool.up(at(p), dragged),
      abandon: () => tool.abandon(),
    };
  }

  /** @param {number} handle @param {Point} start @returns {Gesture} */
  #dragging(handle, start) {
    const { editor } = this;
    const shape = /** @type {import("./kinds/kind.js").Shape} */ (editor.selection);
    const { x, y } = editor.kind.handles(shape)[handle];
    return this.#changing((p) => {
      // An axis that the pointer has not moved along stays exactly where it was.
      const to = { x: x + p.x - start.x, y: y + p.y - start.y };
      return editor.kind.dragged(shape, handle, inside(to, editor.size), editor.size);
    });
  }

  /** @param {Point} start @returns {Gesture} */
  #moving(start) {
    const { editor } = this;
    const shape = /** @type {import("./kinds/kind.js").Shape} */ (editor.selection);
    return this.#changing((p) => editor.kind.moved(shape, { x: p.x - start.x, y: p.y - start.y }, editor.size));
  }

  /** @param {(p: Point) => import("./kinds/kind.js").Shape} shapeAt @returns {Gesture} */
  #changing(shapeAt) {
    const { editor } = this;
    editor.begin();
    return {
      drag: (p) => editor.preview(editor.with(shapeAt(p))),
      release: () => editor.commit(),
      abandon: () => editor.rollback(),
    };
  }

  /** @param {number} handle @returns {Gesture} */
  #removing(handle) {
    const { editor } = this;
    const shape = /** @type {import("./kinds/kind.js").Shape} */ (editor.selection);
    const without = editor.kind.without?.(shape, handle);
    return { drag() {}, release: () => { if (without) editor.replace(without); }, abandon() {} };
  }

  /** @param {Point} start @returns {Gesture} */
  #panning(start) {
    return {
      drag: (p) => {
        const { scale } = this.surface.view;
        this.surface.pan({ x: (p.x - start.x) * scale, y: (p.y - start.y) * scale });
      },
      release() {},
      abandon() {},
    };
  }
}
