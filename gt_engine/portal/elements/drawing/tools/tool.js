// How a shape comes to be: what every drawing tool answers to.

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {{p: Point, near: number}} Press  a place in image pixels, unclipped, and how far "on it" reaches there */
/** @typedef {{path: string, points: readonly Point[], wrong?: boolean}} Preview */

/**
 * @typedef {object} Tool
 * @property {boolean} active whether a shape is begun
 * @property {Preview | null} preview
 * @property {boolean} [selectsInside] a click inside a shape selects it, rather than beginning another
 * @property {boolean} [clicksAnywhere] a click on a shape is a point of the next one; a drag still moves it
 * @property {readonly Point[]} [begun] points of a begun shape that a draft keeps
 * @property {(points: readonly Point[]) => void} [resume] goes on with them
 * @property {string | null} [problem] why the page should not be sent while the shape is begun
 * @property {string} hint what to do next
 * @property {(at: Press) => void} down
 * @property {(at: Press) => void} drag the pointer moves while pressed, beyond a click
 * @property {(at: Press, dragged: boolean) => void} up
 * @property {(at: Press) => void} hover
 * @property {() => boolean} finish Enter; whether it did anything
 * @property {() => boolean} cancel Escape; whether a shape was begun
 * @property {() => void} abandon the press is none: a second finger came down
 * @property {() => boolean} undo takes back the last point of a begun shape
 * @property {() => boolean} redo
 */
export {};
