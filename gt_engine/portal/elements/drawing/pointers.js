// Mouse, pen and fingers on the stage, told apart: one pointer works, two fingers pan and zoom, the middle button pans.
import { distance } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {"mouse" | "touch"} Means  a pen counts as a mouse: it is as exact */

/**
 * @typedef {object} Receiver what the pointers are used for; points are CSS pixels of the stage
 * @property {(at: Point, means: Means, event: PointerEvent) => void} press
 * @property {(at: Point) => void} drag beyond a click
 * @property {(at: Point, dragged: boolean) => void} release
 * @property {() => void} abandon a press that turns out to be something else
 * @property {(at: Point | null) => void} hover null: the pointer has left
 */

const CLICK = { mouse: 4, touch: 10 }; // CSS pixels that a click may move

export class Pointers {
  /** @type {Map<number, Point>} fingers and buttons that are down */ #down = new Map();
  /** @type {{at: Point, means: Means, dragged: boolean, pans: boolean, id: number} | null} */ #press = null;
  /** @type {Point | null} where on the screen the pointer was last */ #hovered = null;
  /** Every press pans, as with the space bar held down. */ pans = false;
  /** Whether the image was panned since `pans` was set. */ hasPanned = false;

  /** @param {import("./surface.js").Surface} surface @param {Receiver} receiver */
  constructor(surface, receiver) {
    this.surface = surface;
    this.receiver = receiver;
    const { root } = surface;
    root.addEventListener("pointerdown", (event) => this.#onDown(event));
    root.addEventListener("pointermove", (event) => this.#onMove(event));
    root.addEventListener("pointerup", (event) => this.#onUp(event));
    root.addEventListener("pointercancel", (event) => this.#onCancel(event));
    root.addEventListener("pointerleave", () => { if (!this.#press) receiver.hover(null); });
    root.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    root.addEventListener("contextmenu", (event) => event.preventDefault());
    root.addEventListener("mousedown", (event) => event.preventDefault()); // focus is given by what was pressed
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (!this.surface.hasImage) return;
    const at = this.surface.at(event);
    const isTouch = event.pointerType === "touch";
    if (!isTouch) this.#down.clear();
    this.#down.set(event.pointerId, at);
    try {
      this.surface.root.setPointerCapture(event.pointerId);
    } catch { /* the pointer is gone already, or the event is a script's */ }
    if (this.#down.size > 1) {
      if (this.#press && !this.#press.pans) this.receiver.abandon();
      this.#press = null;
      return;
    }
    const pans = this.pans || event.button === 1;
    if (event.button !== 0 && !pans) return;
    const means = isTouch ? "touch" : "mouse";
    this.#press = { at, means, dragged: false, pans, id: event.pointerId };
    if (!pans) this.receiver.press(at, means, event);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const at = this.surface.at(event);
    const before = this.#down.get(event.pointerId);
    if (before && this.#down.size === 2) {
      this.#pinch(event.pointerId, before, at);
      return;
    }
    const press = this.#press;
    if (!press) {
      const isStill = this.#hovered?.x === event.screenX && this.#hovered.y === event.screenY;
      this.#hovered = { x: event.screenX, y: event.screenY };
      // A browser tells of a pointer at rest when what lies below it changes; that takes no crosshair from the keyboard.
      if (event.pointerType !== "touch" && !isStill) this.receiver.hover(at);
      return;
    }
    if (press.id !== event.pointerId || !before) return;
    press.dragged ||= distance(at, press.at) >= CLICK[press.means];
    if (press.pans) {
      this.hasPanned = true;
      this.surface.pan({ x: at.x - before.x, y: at.y - before.y });
    } else if (press.dragged) this.receiver.drag(at);
    this.#down.set(event.pointerId, at);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    const press = this.#press;
    this.#down.delete(event.pointerId);
    if (!press || press.id !== event.pointerId) return;
    this.#press = null;
    if (!press.pans) this.receiver.release(this.surface.at(event), press.dragged);
  }

  /** @param {PointerEvent} event */
  #onCancel(event) {
    this.#down.delete(event.pointerId);
    if (this.#press?.id !== event.pointerId) return;
    if (!this.#press.pans) this.receiver.abandon();
    this.#press = null;
  }

  /** Two fingers: the image follows both. @param {number} id @param {Point} before @param {Point} at */
  #pinch(id, before, at) {
    const other = [...this.#down].find(([otherId]) => otherId !== id)?.[1];
    if (!other) return;
    const middle = (/** @type {Point} */ p) => ({ x: (p.x + other.x) / 2, y: (p.y + other.y) / 2 });
    const [from, to] = [middle(before), middle(at)];
    const [was, is] = [distance(before, other), distance(at, other)];
    this.surface.pan({ x: to.x - from.x, y: to.y - from.y });
    if (was > 0 && is > 0) this.surface.zoom(is / was, to);
    this.#down.set(id, at);
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (!this.surface.hasImage) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      this.surface.pan({ x: -sideways * unit, y: 0 });
      return;
    }
    const speed = event.ctrlKey ? 0.01 : 0.002; // a trackpad's pinch comes as a wheel with Ctrl, in small steps
    this.surface.zoom(Math.exp(-event.deltaY * unit * speed), this.surface.at(event));
  }
}
