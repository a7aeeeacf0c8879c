// Key points: {x, y} in whole pixels of the image.
import { distance, wholePixel } from "../geometry.js";

/** @type {import("./kind.js").Kind} */
export const KEYPOINT = {
  noun: "point",
  plural: "points",
  filled: false,
  path: ({ x, y }) => `M${x} ${y}h0`, // a dot: its size on screen is the stroke's
  anchor: ({ x, y }) => ({ x, y }),
  area: ({ x, y }) => ({ left: x, top: y, right: x, bottom: y }),
  distance: (point, p) => distance(/** @type {any} */ (point), p),
  contains: () => false,
  handles: ({ x, y }) => [{ x, y, cursor: "move" }],
  dragged: (point, _handle, p, size) => ({ ...point, ...wholePixel(p, size) }),
  moved: (point, by, size) => ({ ...point, ...wholePixel({ x: point.x + by.x, y: point.y + by.y }, size) }),
  resized: (point) => point,
  fields: ({ x, y }) => [{ name: "x", value: x }, { name: "y", value: y }],
  withField: (point, field, value, size) => ({ ...point, ...wholePixel({ x: point.x, y: point.y, [field ? "y" : "x"]: value }, size) }),
  describe: ({ x, y }) => `at ${x}, ${y}`,
  answer: ({ label, x, y }) => ({ label, x, y }),
  read({ label, x, y }, size) {
    const at = wholePixel({ x: Number(x), y: Number(y) }, size);
    return Number.isFinite(at.x) && Number.isFinite(at.y) ? { label: String(label), ...at } : null;
  },
};
