// Polygons, polylines and lines: {vertices: [{x, y}]} in whole pixels of the image.
import { crossesItself, distance, distanceToSegment, isWithin, sides, wholePixel } from "../geometry.js";
import { step } from "./kind.js";

/** @typedef {import("./kind.js").Kind} Kind */
/** @typedef {import("./kind.js").Shape} Shape */
/** @typedef {import("./kind.js").Point} Point */

/**
 * @param {{noun: string, plural: string, closed: boolean, simple?: boolean, least: number, most?: number}} rule
 *   simple: its lines may not cross; least, most: number of vertices
 * @returns {Kind & {closed: boolean, simple: boolean, least: number, most: number}}
 */
function kind({ noun, plural, closed, simple = false, least, most = Infinity }) {
  /** @param {Shape} shape @param {readonly Point[]} vertices @returns {Shape} */
  const replaced = (shape, vertices) => {
    // What came crossed, as a page's initial value, may be corrected step by step.
    const isRefused = simple && crossesItself(vertices, closed) && !crossesItself(shape.vertices, closed);
    return isRefused ? shape : { ...shape, vertices };
  };
  /** @param {Shape} shape */
  const area = ({ vertices }) => {
    const xs = vertices.map((/** @type {Point} */ v) => v.x);
    const ys = vertices.map((/** @type {Point} */ v) => v.y);
    return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  };
  return {
    noun, plural, closed, simple, least, most,
    filled: closed,
    path: ({ vertices }) =>
      vertices.map((/** @type {Point} */ v, /** @type {number} */ i) => `${i ? "L" : "M"}${v.x} ${v.y}`).join("") + (closed ? "z" : ""),
    anchor: ({ vertices }) => vertices.reduce((/** @type {Point} */ a, /** @type {Point} */ b) => (b.y < a.y ? b : a)),
    area,
    distance: ({ vertices }, p) => Math.min(...sides(vertices, closed).map(([a, b]) => distanceToSegment(p, a, b))),
    contains: ({ vertices }, p) => closed && isWithin(p, vertices),
    handles: ({ vertices }) => vertices.map((/** @type {Point} */ v) => ({ ...v, cursor: "move" })),
    dragged: (shape, handle, p, size) =>
      replaced(shape, shape.vertices.map((/** @type {Point} */ v, /** @type {number} */ i) => (i === handle ? wholePixel(p, size) : v))),
    moved(shape, by, size) {
      const { left, top, right, bottom } = area(shape);
      const x = step(Math.round(by.x), left, right, size.width);
      const y = step(Math.round(by.y), top, bottom, size.height);
      return { ...shape, vertices: shape.vertices.map((/** @type {Point} */ v) => ({ x: v.x + x, y: v.y + y })) };
    },
    resized(shape, by, size) {
      const { left, top, right, bottom } = area(shape);
      const across = right > left ? Math.max(1, Math.min(right + by.x, size.width) - left) / (right - left) : 1;
      const down = bottom > top ? Math.max(1, Math.min(bottom + by.y, size.height) - top) / (bottom - top) : 1;
      const scaled = shape.vertices.map((/** @type {Point} */ v) =>
        wholePixel({ x: left + (v.x - left) * across, y: top + (v.y - top) * down }, size));
      return replaced(shape, scaled);
    },
    fields: ({ vertices }) =>
      vertices.flatMap((/** @type {Point} */ v, /** @type {number} */ i) => [
        { name: `x ${i + 1}`, value: v.x }, { name: `y ${i + 1}`, value: v.y },
      ]),
    withField: (shape, field, value, size) =>
      replaced(shape, shape.vertices.map((/** @type {Point} */ v, /** @type {number} */ i) =>
        i === field >> 1 ? wholePixel({ ...v, [field % 2 ? "y" : "x"]: value }, size) : v)),
    describe: ({ vertices }) => `${vertices.length} points, from ${vertices[0].x}, ${vertices[0].y}`,
    answer: ({ label, vertices }) => ({ label, vertices: vertices.map((/** @type {Point} */ { x, y }) => ({ x, y })) }),
    read({ label, vertices }, size) {
      if (!Array.isArray(vertices) || vertices.length < least) return null;
      const points = vertices.map(({ x, y }) => wholePixel({ x: Number(x), y: Number(y) }, size));
      if (!points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) return null;
      return { label: String(label), vertices: points };
    },
    without(shape, handle) {
      const vertices = shape.vertices.filter((/** @type {Point} */ _, /** @type {number} */ i) => i !== handle);
      return vertices.length < least ? null : replaced(shape, vertices);
    },
    grown(shape, p, near, size) {
      if (shape.vertices.length >= most) return null;
      const handle = sides(shape.vertices, closed).findIndex(([a, b]) =>
        distanceToSegment(p, a, b) <= near && distance(p, a) > near && distance(p, b) > near);
      if (handle < 0) return null;
      const grown = replaced(shape, shape.vertices.toSpliced(handle + 1, 0, wholePixel(p, size)));
      return grown === shape ? null : { shape: grown, handle: handle + 1 };
    },
  };
}

export const POLYGON = kind({ noun: "polygon", plural: "polygons", closed: true, simple: true, least: 3 });
export const POLYLINE = kind({ noun: "polyline", plural: "polylines", closed: false, least: 2 });
export const LINE = kind({ noun: "line", plural: "lines", closed: false, least: 2, most: 2 });
