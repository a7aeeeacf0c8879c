/**
 * crowd-semantic-segmentation: a label for every pixel.
 * `{inputImageProperties, labelMappings: {name: {color}}, labeledImage: {pngImageData}}`; `initialValueModified` in adjustments.
 */

import { define } from "./base.js";
import { MaskElement } from "./drawing/mask/mask-element.js";

export class CrowdSemanticSegmentation extends MaskElement {
  regionsOf({ labelMappings = {} }) {
    return Object.entries(labelMappings).map(([label, { color }], index) => ({ id: index + 1, label, color }));
  }

  get value() {
    if (!this.surface.hasImage) return undefined;
    const used = this.mask.drawn.toSorted((a, b) => (a.label < b.label ? -1 : 1));
    const isModified = this.isModified;
    return {
      ...(isModified === undefined ? {} : { initialValueModified: isModified }),
      inputImageProperties: this.inputImageProperties,
      labelMappings: Object.fromEntries(used.map(({ label, color }) => [label, { color }])),
      labeledImage: { pngImageData: this.pngImageData },
    };
  }
}

define("crowd-semantic-segmentation", CrowdSemanticSegmentation);
