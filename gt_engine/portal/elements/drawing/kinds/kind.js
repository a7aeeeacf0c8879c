// What the drawing tools must know about a kind of shape. A shape is never changed in place.

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("../geometry.js").Size} Size */
/** @typedef {{id: number, label: string} & Record<string, any>} Shape */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Area */
/** @typedef {{name: string, value: number}} Field  one number of the list of shapes */
/** @typedef {{x: number, y: number, cursor: string}} Handle */

/**
 * @typedef {object} Kind
 * @property {string} noun "box"
 * @property {string} plural "boxes"
 * @property {boolean} filled whether the inside belongs to the shape
 * @property {(shape: Shape) => string} path an SVG path in image pixels
 * @property {(shape: Shape) => Point} anchor where the label's name stands
 * @property {(shape: Shape) => Area} area
 * @property {(shape: Shape, p: Point) => number} distance from the outline, in image pixels
 * @property {(shape: Shape, p: Point) => boolean} contains
 * @property {(shape: Shape) => readonly Handle[]} handles
 * @property {(shape: Shape, handle: number, p: Point, size: Size) => Shape} dragged the shape with one handle at p
 * @property {(shape: Shape, by: Point, size: Size) => Shape} moved whole, stopped by the image's edge
 * @property {(shape: Shape, by: Point, size: Size) => Shape} resized lower right corner by so much
 * @property {(shape: Shape) => readonly Field[]} fields
 * @property {(shape: Shape, field: number, value: number, size: Size) => Shape} withField
 * @property {(shape: Shape) => string} describe its place in words
 * @property {(shape: Shape) => Record<string, any>} answer as the element's value holds it, keys sorted
 * @property {(answer: any, size: Size) => Omit<Shape, 'id'> | null} read an answer, within the image; null: nothing of it is inside
 * @property {(shape: Shape, handle: number) => Shape | null} [without] the shape less one handle; null: nothing is left
 * @property {(shape: Shape, p: Point, near: number, size: Size) => {shape: Shape, handle: number} | null} [grown] the shape with a new handle on its outline at p
 */

/** A whole step that keeps an extent inside 0…room. @param {number} by @param {number} low @param {number} high @param {number} room */
export const step = (by, low, high, room) => Math.min(Math.max(by, -low), Math.max(room - high, -low));
