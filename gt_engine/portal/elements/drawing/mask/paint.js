// The mask on screen, and as the picture that is sent.

/** @typedef {import("./mask-editor.js").MaskEditor} MaskEditor */
/** @typedef {import("./raster.js").Rect} Rect */

const MOST = 16_000_000; // pixels of a canvas that every browser grants

/** @param {string} color "#rrggbb" @returns {number} as a pixel of a canvas: alpha, blue, green, red */
const pixelOf = (color) => {
  const rgb = parseInt(color.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
};

/** @param {number} pixel @returns {string} "#rrggbb" */
const colorOf = (pixel) =>
  `#${[pixel & 0xff, (pixel >> 8) & 0xff, (pixel >> 16) & 0xff].map((part) => part.toString(16).padStart(2, "0")).join("")}`;

/** @param {MaskEditor} editor @param {boolean} hides leave out hidden labels @returns {Uint32Array} region → pixel */
function palette(editor, hides) {
  const pixels = new Uint32Array(Math.max(0, ...editor.regions.map(({ id }) => id)) + 1);
  for (const { id, label, color } of editor.regions) if (!hides || !editor.hidden.has(label)) pixels[id] = pixelOf(color);
  return pixels;
}

/** A canvas over the image that shows the mask, coarser than the image where that is very large. */
export class Paint {
  canvas = document.createElement("canvas");
  step = 1;

  /** @param {MaskEditor} editor */
  constructor(editor) {
    this.editor = editor;
    this.canvas.className = "paint";
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    editor.addEventListener("paint", (event) => this.#paint(/** @type {CustomEvent<Rect | null>} */ (event).detail));
  }

  /** The image's size is known. */
  fit() {
    const { width, height } = this.editor.size;
    this.step = Math.ceil(Math.sqrt((width * height) / MOST));
    this.canvas.width = Math.ceil(width / this.step);
    this.canvas.height = Math.ceil(height / this.step);
  }

  /** @param {import("../viewport.js").View} view */
  look({ scale, x, y }) {
    const zoom = scale * this.step;
    this.canvas.style.transform = `matrix(${zoom},0,0,${zoom},${x},${y})`;
  }

  /** @param {Rect | null} rect of the image; null: all of it */
  #paint(rect) {
    const { raster } = this.editor;
    const { step } = this;
    const left = Math.floor((rect?.left ?? 0) / step);
    const top = Math.floor((rect?.top ?? 0) / step);
    const right = Math.ceil((rect?.right ?? raster.width) / step);
    const bottom = Math.ceil((rect?.bottom ?? raster.height) / step);
    if (right <= left || bottom <= top) return;
    const image = this.context.createImageData(right - left, bottom - top);
    const pixels = new Uint32Array(image.data.buffer);
    const colors = palette(this.editor, true);
    for (let y = top, i = 0; y < bottom; y += 1) {
      const row = y * step * raster.width;
      for (let x = left; x < right; x += 1, i += 1) pixels[i] = colors[raster.ids[row + x * step]];
    }
    this.context.putImageData(image, left, top);
  }
}

/**
 * The mask as a PNG: each pixel wholly the colour of its region, wholly transparent where there is none.
 * @param {MaskEditor} editor @returns {string} base64
 */
export function toPng(editor) {
  const { width, height, ids } = editor.raster;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = palette(editor, false);
  for (let i = 0; i < ids.length; i += 1) pixels[i] = colors[ids[i]];
  context.putImageData(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}

/**
 * Reads a mask: the region of each pixel by its colour; other colours and transparent pixels are none.
 * @param {HTMLImageElement} image that may be read (CORS) @param {readonly import("./mask-editor.js").Region[]} regions
 * @param {import("../geometry.js").Size} size of the photo, which a smaller mask is stretched to
 * @param {Uint16Array} ids filled
 */
export function fromImage(image, regions, { width, height }, ids) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, width, height);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const regionOf = new Map(regions.map(({ id, color }) => [color.toLowerCase(), id]));
  /** @type {Map<number, number>} */
  const known = new Map();
  for (let i = 0; i < pixels.length; i += 1) {
    const pixel = pixels[i];
    let id = known.get(pixel);
    if (id === undefined) known.set(pixel, (id = pixel >>> 24 < 128 ? 0 : regionOf.get(colorOf(pixel)) ?? 0));
    ids[i] = id;
  }
}
