/** crowd-classifier and crowd-classifier-multi-select: categories for text, sound, video, any HTML. */

import { Classifier } from "./classifier.js";
import { css, define } from "./base.js";

const styles = css`
  .target { padding: 1.25rem 1.5rem; font-size: 1.05rem; line-height: 1.55; overflow-wrap: break-word; max-width: 60rem; }
`;

class CrowdClassifier extends Classifier {
  static regions = [...super.regions, "classification-target"];
  static styles = [...super.styles, styles];

  renderMain(root) {
    const target = document.createElement("div");
    target.className = "target";
    target.append(Object.assign(document.createElement("slot"), { name: "classification-target" }));
    root.tabIndex = 0; // long texts are scrolled by the keyboard too
    root.append(target);
  }
}

class CrowdClassifierMultiSelect extends CrowdClassifier {
  static attributes = { ...super.attributes, "exclusion-category": "json" };
  static isMultiple = true;
}

define("crowd-classifier", CrowdClassifier);
define("crowd-classifier-multi-select", CrowdClassifierMultiSelect);
