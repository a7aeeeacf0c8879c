/** Earlier labels shown over a picture, to be verified: boxes, a mask of classes, or a mask of things. */

import { colorOf, css, h, inkOn, loadImage } from "./base.js";

export const overlayStyles = css`
  .layer svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
  .layer rect { fill: none; stroke-width: 2px; vector-effect: non-scaling-stroke; }
  .layer .caption { position: absolute; width: max-content; transform-origin: 0 0; transform: scale(calc(1 / var(--scale))) translateY(-100%); margin: 0; padding: .05rem .35rem; font-size: .8rem; font-weight: 600; border-radius: 3px 3px 0 0; }
  .layer canvas, .layer img { width: 100%; height: 100%; }
  .legend { list-style: none; margin: 1.25rem 0 0; padding: 0; font-size: .9rem; }
  .legend li { display: flex; align-items: center; gap: .5rem; padding: .1rem 0; }
  .legend .swatch { width: .9rem; height: .9rem; border-radius: 3px; flex: none; }
`;
const MASK_ALPHA = 150; // of 255: the picture below stays visible

/**
 * Draws an `overlay` attribute. Rejects with words for a worker where the mask cannot be loaded.
 * @param {HTMLElement} layer the size of the picture in its own pixels
 * @param {{boundingBox?: object, semanticSegmentation?: object, instanceSegmentation?: object}} overlay
 * @param {HTMLImageElement} picture
 * @returns {Promise<[string, string][]>} label and colour of what can be seen
 */
export async function drawOverlay(layer, overlay, picture, owner) {
  layer.replaceChildren();
  const { boundingBox: boxes, semanticSegmentation: classes, instanceSegmentation: things } = overlay ?? {};
  if (boxes) return drawBoxes(layer, boxes.value ?? [], boxes.labels ?? [], picture);
  const colors = classes
    ? Object.entries(classes.labelMappings ?? {}).map(([label, { color }]) => [label, color])
    : (things?.instances ?? []).map(({ label, color }) => [label, color]);
  const src = classes?.src ?? things?.src;
  if (src) await drawMask(layer, await loadImage(owner, src), colors.map(([, color]) => color));
  return colors;
}

function drawBoxes(layer, boxes, labels, picture) {
  const names = [...new Set([...labels, ...boxes.map((box) => box.label)])];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${picture.naturalWidth} ${picture.naturalHeight}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", boxes.map((box) => `${box.label} at ${box.left}, ${box.top}, ${box.width} by ${box.height}`).join("; ") || "no boxes");
  layer.append(svg);
  for (const { label, left, top, width, height } of boxes) {
    const color = colorOf(names.indexOf(label));
    const rect = document.createElementNS(svg.namespaceURI, "rect");
    for (const [key, value] of Object.entries({ x: left, y: top, width, height, stroke: color })) rect.setAttribute(key, value);
    svg.append(rect);
    const caption = h("p", { class: "caption", "aria-hidden": "true" }, label);
    Object.assign(caption.style, { left: `${left}px`, top: `${top}px`, background: color, color: inkOn(color) });
    layer.append(caption);
  }
  return names.map((name, index) => [name, colorOf(index)]);
}

/** What has none of the colours is background and stays clear. */
async function drawMask(layer, mask, colors) {
  const canvas = h("canvas", { width: mask.naturalWidth, height: mask.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(mask, 0, 0);
  try {
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const known = new Set(colors.map((color) => parseInt(color.slice(1), 16)));
    const { data } = pixels;
    for (let at = 0; at < data.length; at += 4) {
      const isLabel = data[at + 3] !== 0 && known.has((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
      data[at + 3] = isLabel ? MASK_ALPHA : 0;
    }
    context.putImageData(pixels, 0, 0);
    layer.append(canvas);
  } catch { // its pixels may not be read: shown whole
    mask.alt = "";
    mask.style.opacity = "0.55";
    layer.append(mask);
  }
}

/** @param {[string, string][]} colors */
export function legend(colors) {
  return h("ul", { class: "legend", "aria-label": "Labels shown" }, ...new Map(colors.map(([label, color]) => {
    const swatch = h("span", { class: "swatch" });
    swatch.style.background = color;
    return [label, h("li", {}, swatch, label)];
  })).values());
}
