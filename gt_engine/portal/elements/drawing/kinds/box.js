// Axis-aligned boxes in whole pixels: {left, top, width, height}, never outside the image.
import { clamp, distanceToSegment, wholePixel } from "../geometry.js";
import { step } from "./kind.js";

/** @typedef {import("./kind.js").Shape} Shape */
/** @typedef {import("./kind.js").Point} Point */
/** @typedef {import("./kind.js").Size} Size */

// Handles in reading order: which sides each moves.
const HANDLES = [
  ["left", "top"], ["", "top"], ["right", "top"], ["left", ""], ["right", ""], ["left", "bottom"], ["", "bottom"], ["right", "bottom"],
];
const CURSORS = ["nwse", "ns", "nesw", "ew", "ew", "nesw", "ns", "nwse"].map((name) => `${name}-resize`);

/**
 * The box that two or more points span, in whole pixels of the image.
 * @param {readonly Point[]} points @param {Size} size
 * @returns {{left: number, top: number, width: number, height: number} | null} null: it covers no pixel
 */
export function spanned(points, size) {
  const corners = points.map((p) => wholePixel(p, size));
  const left = Math.min(...corners.map((p) => p.x));
  const top = Math.min(...corners.map((p) => p.y));
  const width = Math.max(...corners.map((p) => p.x)) - left;
  const height = Math.max(...corners.map((p) => p.y)) - top;
  return width > 0 && height > 0 ? { left, top, width, height } : null;
}

/** @param {Shape} box */
const corners = ({ left, top, width, height }) => [
  { x: left, y: top }, { x: left + width, y: top }, { x: left + width, y: top + height }, { x: left, y: top + height },
];

/** @type {import("./kind.js").Kind} */
export const BOX = {
  noun: "box",
  plural: "boxes",
  filled: true,
  path: ({ left, top, width, height }) => `M${left} ${top}h${width}v${height}h${-width}z`,
  anchor: ({ left, top }) => ({ x: left, y: top }),
  area: ({ left, top, width, height }) => ({ left, top, right: left + width, bottom: top + height }),
  distance(box, p) {
    const around = corners(box);
    return Math.min(...around.map((a, i) => distanceToSegment(p, a, around[(i + 1) % 4])));
  },
  contains: ({ left, top, width, height }, p) => p.x >= left && p.x <= left + width && p.y >= top && p.y <= top + height,
  handles: ({ left, top, width, height }) =>
    HANDLES.map(([across, down], i) => ({
      x: left + (across === "left" ? 0 : across === "right" ? width : width / 2),
      y: top + (down === "top" ? 0 : down === "bottom" ? height : height / 2),
      cursor: CURSORS[i],
    })),
  dragged(box, handle, p, size) {
    const [across, down] = HANDLES[handle];
    const to = wholePixel(p, size);
    const { left, top, right, bottom } = BOX.area(box);
    const still = { x: across === "left" ? right : left, y: down === "top" ? bottom : top };
    const turned = spanned([still, { x: across ? to.x : across === "" ? right : left, y: down ? to.y : bottom }], size);
    return turned ? { ...box, ...turned } : box;
  },
  moved: (box, by, size) => ({
    ...box,
    left: box.left + step(Math.round(by.x), box.left, box.left + box.width, size.width),
    top: box.top + step(Math.round(by.y), box.top, box.top + box.height, size.height),
  }),
  resized: (box, by, size) => ({
    ...box,
    width: clamp(box.width + by.x, 1, size.width - box.left),
    height: clamp(box.height + by.y, 1, size.height - box.top),
  }),
  fields: (box) => ["left", "top", "width", "height"].map((name) => ({ name, value: box[name] })),
  withField(box, field, value, size) {
    const { left, top } = box;
    switch (field) {
      case 0: return { ...box, left: clamp(value, 0, size.width - box.width) };
      case 1: return { ...box, top: clamp(value, 0, size.height - box.height) };
      case 2: return { ...box, width: clamp(value, 1, size.width - left) };
      default: return { ...box, height: clamp(value, 1, size.height - top) };
    }
  },
  describe: ({ left, top, width, height }) => `left ${left}, top ${top}, ${width} by ${height} pixels`,
  answer: ({ height, label, left, top, width }) => ({ height, label, left, top, width }),
  read({ label, left, top, width, height }, size) {
    const numbers = [left, top, width, height].map(Number);
    if (!numbers.every(Number.isFinite)) return null;
    const [x, y, w, h] = numbers;
    const box = spanned([{ x, y }, { x: x + w, y: y + h }], size);
    return box && { label: String(label), ...box };
  },
};
