// Plane geometry in image pixels. Pure functions; x grows right, y grows down.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** The nearest point inside an image. @param {Point} p @param {Size} size @returns {Point} */
export const inside = (p, size) => ({ x: clamp(p.x, 0, size.width), y: clamp(p.y, 0, size.height) });

/** @param {Point} p @param {Size} size @returns {Point} */
export const wholePixel = (p, size) => inside({ x: Math.round(p.x), y: Math.round(p.y) }, size);

/** @param {Point} a @param {Point} b */
export const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** From a point to the segment a–b. @param {Point} p @param {Point} a @param {Point} b */
export function distanceToSegment(p, a, b) {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const t = length ? clamp(((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length, 0, 1) : 0;
  return distance(p, { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) });
}

/** The sides of a line of vertices. @param {readonly Point[]} vertices @param {boolean} closed @returns {[Point, Point][]} */
export function sides(vertices, closed) {
  /** @type {[Point, Point][]} */
  const pairs = vertices.slice(1).map((vertex, i) => [vertices[i], vertex]);
  if (closed && vertices.length > 2) pairs.push([vertices[vertices.length - 1], vertices[0]]);
  return pairs;
}

/** Even-odd rule. @param {Point} p @param {readonly Point[]} vertices */
export function isWithin(p, vertices) {
  let within = false;
  for (const [a, b] of sides(vertices, true)) {
    if (a.y > p.y !== b.y > p.y && p.x < ((b.x - a.x) * (p.y - a.y)) / (b.y - a.y) + a.x) within = !within;
  }
  return within;
}

/** Which side of a–b a point lies on: positive, negative, or 0 on the line. @param {Point} a @param {Point} b @param {Point} p */
const turn = (a, b, p) => (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);

/** @param {Point} a @param {Point} b @param {Point} p collinear with a–b */
const between = (a, b, p) =>
  Math.min(a.x, b.x) <= p.x && p.x <= Math.max(a.x, b.x) && Math.min(a.y, b.y) <= p.y && p.y <= Math.max(a.y, b.y);

/** Whether the segments a–b and c–d share a point. @param {Point} a @param {Point} b @param {Point} c @param {Point} d */
export function segmentsMeet(a, b, c, d) {
  const [ac, ad, ca, cb] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)].map(Math.sign);
  if (ac !== ad && ca !== cb) return true;
  return (
    (ac === 0 && between(a, b, c)) || (ad === 0 && between(a, b, d)) ||
    (ca === 0 && between(c, d, a)) || (cb === 0 && between(c, d, b))
  );
}

/**
 * Whether two sides of the polygon or line meet anywhere but at the vertex that neighbours share.
 * @param {readonly Point[]} vertices @param {boolean} closed
 */
export function crossesItself(vertices, closed) {
  const all = sides(vertices, closed);
  return all.some(([a, b], i) =>
    all.slice(i + 1).some(([c, d]) => {
      if (b === c) return turn(a, b, d) === 0 && (d.x - b.x) * (a.x - b.x) + (d.y - b.y) * (a.y - b.y) > 0;
      if (d === a) return turn(c, d, b) === 0 && (b.x - a.x) * (c.x - a.x) + (b.y - a.y) * (c.y - a.y) > 0;
      return segmentsMeet(a, b, c, d);
    }),
  );
}
