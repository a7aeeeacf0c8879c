// A mask: the number of a region for every pixel of the image, 0 for none. Every pixel is wholly one region: no blending.
import { clamp, distanceToSegment } from "../geometry.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Rect  whole pixels, right and bottom exclusive */
/** @typedef {{rect: Rect, before: Uint16Array, after: Uint16Array}} Patch */

const MOST_REGIONS = 65535;

export class Raster {
  /** How many pixels each region has. */ counts = new Uint32Array(MOST_REGIONS + 1);

  /** @param {number} width @param {number} height */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.ids = new Uint16Array(width * height);
    /** As it was when `keep` was last called: what a stroke began from, without a copy of all for every stroke. */
    this.kept = new Uint16Array(width * height);
    this.counts[0] = this.ids.length;
  }

  /** `ids` was filled from outside: counts and keeps all. */
  renew() {
    this.kept.set(this.ids);
    this.counts.fill(0);
    for (const id of this.ids) this.counts[id] += 1;
  }

  /** @param {number} at @param {number} id */
  #set(at, id) {
    const old = this.ids[at];
    if (old === id) return;
    this.counts[old] -= 1;
    this.counts[id] += 1;
    this.ids[at] = id;
  }

  /** The part of a rectangle that lies in the image. @param {Rect} rect @returns {Rect} */
  clipped({ left, top, right, bottom }) {
    return {
      left: clamp(Math.floor(left), 0, this.width), top: clamp(Math.floor(top), 0, this.height),
      right: clamp(Math.ceil(right), 0, this.width), bottom: clamp(Math.ceil(bottom), 0, this.height),
    };
  }

  /** A round brush drawn from a to b: pixels whose centre is within the radius. @param {Point} a @param {Point} b @param {number} radius @param {number} id @returns {Rect} what may have changed */
  stroke(a, b, radius, id) {
    const rect = this.clipped({
      left: Math.min(a.x, b.x) - radius, top: Math.min(a.y, b.y) - radius,
      right: Math.max(a.x, b.x) + radius, bottom: Math.max(a.y, b.y) + radius,
    });
    for (let y = rect.top; y < rect.bottom; y += 1) {
      for (let x = rect.left; x < rect.right; x += 1) {
        if (distanceToSegment({ x: x + 0.5, y: y + 0.5 }, a, b) <= radius) this.#set(y * this.width + x, id);
      }
    }
    return rect;
  }

  /** Pixels whose centre is inside, by the even-odd rule. @param {readonly Point[]} vertices @param {number} id @returns {Rect} */
  polygon(vertices, id) {
    const xs = vertices.map(({ x }) => x);
    const ys = vertices.map(({ y }) => y);
    const rect = this.clipped({ left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) });
    for (let y = rect.top; y < rect.bottom; y += 1) {
      const middle = y + 0.5;
      const crossings = vertices.flatMap((a, i) => {
        const b = vertices[(i + 1) % vertices.length];
        return a.y > middle !== b.y > middle ? [a.x + ((middle - a.y) * (b.x - a.x)) / (b.y - a.y)] : [];
      }).sort((p, q) => p - q);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const end = Math.min(Math.ceil(crossings[i + 1] - 0.5), this.width);
        for (let x = Math.max(Math.ceil(crossings[i] - 0.5), 0); x < end; x += 1) this.#set(y * this.width + x, id);
      }
    }
    return rect;
  }

  /** All pixels of the same region that hang together with p, side by side. @param {Point} p @param {number} id @returns {Rect | null} */
  flood(p, id) {
    const { width, height, ids } = this;
    const [x, y] = [Math.floor(p.x), Math.floor(p.y)];
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    const old = ids[y * width + x];
    if (old === id) return null;
    const rect = { left: x, top: y, right: x + 1, bottom: y + 1 };
    const waiting = [y * width + x];
    // Row by row: a run is filled at once, and one place of each run above and below it waits.
    while (waiting.length) {
      const at = /** @type {number} */ (waiting.pop());
      if (ids[at] !== old) continue;
      const row = Math.floor(at / width);
      let start = at;
      let end = at + 1;
      while (start > row * width && ids[start - 1] === old) start -= 1;
      while (end < (row + 1) * width && ids[end] === old) end += 1;
      for (let i = start; i < end; i += 1) this.#set(i, id);
      for (const next of [row - 1, row + 1]) {
        if (next < 0 || next >= height) continue;
        const shift = (next - row) * width;
        for (let i = start; i < end; i += 1) {
          if (ids[i + shift] === old && (i === start || ids[i + shift - 1] !== old)) waiting.push(i + shift);
        }
      }
      rect.left = Math.min(rect.left, start - row * width);
      rect.right = Math.max(rect.right, end - row * width);
      rect.top = Math.min(rect.top, row);
      rect.bottom = Math.max(rect.bottom, row + 1);
    }
    return rect;
  }

  /** @param {Rect} rect @param {Uint16Array} [ids] `ids` or `kept` @returns {Uint16Array} */
  cut({ left, top, right, bottom }, ids = this.ids) {
    const part = new Uint16Array((right - left) * (bottom - top));
    for (let y = top; y < bottom; y += 1) part.set(ids.subarray(y * this.width + left, y * this.width + right), (y - top) * (right - left));
    return part;
  }

  /** Takes what is in a rectangle now for `kept`. @param {Rect} rect */
  keep({ left, top, right, bottom }) {
    for (let y = top; y < bottom; y += 1) {
      const row = y * this.width;
      this.kept.set(this.ids.subarray(row + left, row + right), row + left);
    }
  }

  /** @param {Rect} rect @param {Uint16Array} part */
  paste({ left, top, right, bottom }, part) {
    for (let y = top, i = 0; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1, i += 1) this.#set(y * this.width + x, part[i]);
    }
  }
}

/** @param {Rect | null} a @param {Rect | null} b @returns {Rect | null} */
export function union(a, b) {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left), top: Math.min(a.top, b.top), right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom),
  };
}

/** A mask as text: runs of equal pixels as pairs (region, length), in base64 of little numbers (LEB128). @param {Uint16Array} ids */
export function toRuns(ids) {
  const bytes = [];
  const put = (/** @type {number} */ number) => {
    for (; number > 127; number >>>= 7) bytes.push((number & 127) | 128);
    bytes.push(number);
  };
  for (let start = 0, end = 0; start < ids.length; start = end) {
    while (end < ids.length && ids[end] === ids[start]) end += 1;
    put(ids[start]);
    put(end - start);
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.slice(i, i + 8192));
  return btoa(text);
}

/** @param {string} text of toRuns @param {Uint16Array} ids filled as far as the text goes */
export function fromRuns(text, ids) {
  const bytes = atob(text);
  let at = 0;
  const take = () => {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.charCodeAt(at++);
      number |= (byte & 127) << shift;
      if (!(byte & 128)) return number;
    }
  };
  for (let start = 0; at < bytes.length && start < ids.length; ) {
    const id = take();
    const end = start + take();
    ids.fill(id, start, end);
    start = end;
  }
}
