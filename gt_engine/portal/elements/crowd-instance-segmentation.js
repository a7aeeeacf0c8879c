/**
 * crowd-instance-segmentation: a colour for every single thing.
 * `{inputImageProperties, instances: [{color, label}], labeledImage: {pngImageData}}`
 */

import { define } from "./base.js";
import { MaskElement } from "./drawing/mask/mask-element.js";
import { RegionsPanel } from "./drawing/mask/regions-panel.js";

export class CrowdInstanceSegmentation extends MaskElement {
  static things = true;

  renderSide(root) {
    super.renderSide(root);
    this.regionsPanel = new RegionsPanel(root, this.mask);
  }

  refresh() {
    super.refresh();
    this.regionsPanel.refresh();
  }

  regionsOf({ instances = [] }) {
    return instances.map(({ color, label }, index) => ({ id: index + 1, label, color }));
  }

  get value() {
    if (!this.surface.hasImage) return undefined;
    const isModified = this.isModified;
    return {
      ...(isModified === undefined ? {} : { initialValueModified: isModified }),
      inputImageProperties: this.inputImageProperties,
      instances: this.mask.drawn.map(({ color, label }) => ({ color, label })),
      labeledImage: { pngImageData: this.pngImageData },
    };
  }
}

define("crowd-instance-segmentation", CrowdInstanceSegmentation);
