// The pointer of people at the keyboard: arrow keys move it, Space clicks there.
import { inside } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */

const STEP = 10; // CSS pixels

/** @type {Record<string, Point>} */
export const ARROWS = {
  ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 },
};

export class Crosshair {
  /** @type {Point | null} image pixels; null while the mouse points */ place = null;

  /** @param {import("./surface.js").Surface} surface */
  constructor(surface) { this.surface = surface; }

  /**
   * One step; Shift makes it five, Alt one pixel of the image.
   * @param {Point} way one of ARROWS @param {KeyboardEvent} event @param {Point | null} from where it starts; null: the middle
   * @returns {Point}
   */
  move(way, { shiftKey, altKey }, from) {
    const { stage, view, size } = this.surface;
    const step = altKey ? 1 : (STEP * (shiftKey ? 5 : 1)) / view.scale;
    const start = this.place ?? from ?? this.surface.toImage({ x: stage.width / 2, y: stage.height / 2 });
    const to = inside({ x: start.x + way.x * step, y: start.y + way.y * step }, size);
    this.surface.reveal({ left: to.x, right: to.x, top: to.y, bottom: to.y });
    this.place = to;
    return to;
  }
}
