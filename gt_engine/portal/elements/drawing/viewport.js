// What part of the image is on screen. A view maps image pixels to CSS pixels of the stage: screen = image × scale + offset.
import { clamp } from "./geometry.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Size} Size */
/** @typedef {{scale: number, x: number, y: number}} View */

const MARGIN = 12; // CSS pixels around an image that fits its stage
const MOST = 40; // CSS pixels per image pixel at the highest zoom

/** @param {View} view @param {Point} p @returns {Point} */
export const toImage = (view, p) => ({ x: (p.x - view.x) / view.scale, y: (p.y - view.y) / view.scale });

/** @param {View} view @param {Point} p @returns {Point} */
export const toScreen = (view, p) => ({ x: p.x * view.scale + view.x, y: p.y * view.scale + view.y });

/** The whole image, centred. @param {Size} image @param {Size} stage @returns {View} */
export function fit(image, stage) {
  const room = { width: Math.max(stage.width - 2 * MARGIN, 1), height: Math.max(stage.height - 2 * MARGIN, 1) };
  const scale = Math.min(room.width / image.width, room.height / image.height, MOST);
  return { scale, x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}

/** Keeps the middle of the stage on the image, so that it is never lost. @param {View} view @param {Size} image @param {Size} stage @returns {View} */
export function bounded(view, image, stage) {
  const middle = { x: stage.width / 2, y: stage.height / 2 };
  return {
    scale: view.scale,
    x: clamp(view.x, middle.x - image.width * view.scale, middle.x),
    y: clamp(view.y, middle.y - image.height * view.scale, middle.y),
  };
}

/** Zooms so that the image stays still below a point of the stage. @param {View} view @param {number} factor @param {Point} at @param {Size} image @param {Size} stage @returns {View} */
export function zoomed(view, factor, at, image, stage) {
  const least = Math.min(fit(image, stage).scale / 2, 1);
  const scale = clamp(view.scale * factor, least, MOST);
  const still = toImage(view, at);
  return bounded({ scale, x: at.x - still.x * scale, y: at.y - still.y * scale }, image, stage);
}

/** @param {View} view @param {Point} by CSS pixels @param {Size} image @param {Size} stage @returns {View} */
export const panned = (view, by, image, stage) =>
  bounded({ scale: view.scale, x: view.x + by.x, y: view.y + by.y }, image, stage);

/** Brings a rectangle of the image into sight, moving as little as needed. @param {View} view @param {{left: number, top: number, right: number, bottom: number}} area @param {Size} image @param {Size} stage @returns {View} */
export function revealed(view, area, image, stage) {
  const start = toScreen(view, { x: area.left, y: area.top });
  const end = toScreen(view, { x: area.right, y: area.bottom });
  const shift = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ room) => {
    if (low >= MARGIN && high <= room - MARGIN) return 0;
    if (high - low > room - 2 * MARGIN) return room / 2 - (low + high) / 2;
    return low < MARGIN ? MARGIN - low : room - MARGIN - high;
  };
  return panned(view, { x: shift(start.x, end.x, stage.width), y: shift(start.y, end.y, stage.height) }, image, stage);
}
