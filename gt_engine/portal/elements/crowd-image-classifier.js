/** crowd-image-classifier and crowd-image-classifier-multi-select: categories for a picture, or for labels over it. */

import { Classifier } from "./classifier.js";
import { Picture, pictureStyles } from "./picture.js";
import { drawOverlay, legend, overlayStyles } from "./overlay.js";
import { define, h } from "./base.js";

class CrowdImageClassifier extends Classifier {
  static attributes = { ...super.attributes, src: "string", overlay: "json" };
  static regions = [...super.regions, "worker-comment"];
  static styles = [...super.styles, pictureStyles, overlayStyles];
  #picture = new Picture(this);
  #loaded = Promise.resolve();
  #legend = h("div");
  #hide = h("button", { type: "button", class: "button", "aria-pressed": "false", "aria-keyshortcuts": "v", onclick: () => this.#toggleOverlay() }, "Hide labels", h("kbd", { "aria-hidden": "true" }, "V"));

  get loaded() {
    return this.#loaded;
  }

  renderMain(root) {
    root.append(this.#picture.element);
    this.#loaded = this.#load();
  }

  renderSide(root) {
    super.renderSide(root);
    root.append(this.#legend);
  }

  renderTools(root) {
    this.#hide.hidden = !this.overlay;
    root.append(...this.#picture.tools(), this.#hide);
  }

  update(names) {
    super.update(names);
    if (names.has("src") || names.has("overlay")) this.#loaded = this.#load();
  }

  shortcuts() {
    return [...super.shortcuts(), ...this.#picture.shortcuts(), ...(this.overlay ? [{ keys: ["V"], does: "Hide the labels, show them" }] : [])];
  }

  onKey(event) {
    if (event.key.toLowerCase() === "v" && this.overlay && !event.ctrlKey && !event.metaKey) {
      this.#toggleOverlay();
      return true;
    }
    return super.onKey(event) || this.#picture.onKey(event);
  }

  async #load() {
    await this.#picture.load(this.src, this.header || "The picture to classify");
    this.#hide.hidden = !this.overlay;
    this.#legend.replaceChildren();
    if (!this.overlay || !this.#picture.image) return;
    try {
      this.#legend.append(legend(await drawOverlay(this.#picture.layer, this.overlay, this.#picture.image, this)));
    } catch (error) {
      this.#legend.append(h("p", { class: "error", role: "alert" }, `The labels over the picture: ${error.message}`));
    }
  }

  #toggleOverlay() {
    const isHidden = !this.#picture.layer.hidden;
    this.#picture.layer.hidden = isHidden;
    this.#hide.setAttribute("aria-pressed", String(isHidden));
  }
}

class CrowdImageClassifierMultiSelect extends CrowdImageClassifier {
  static attributes = { ...super.attributes, "exclusion-category": "json" };
  static isMultiple = true;
}

define("crowd-image-classifier", CrowdImageClassifier);
define("crowd-image-classifier-multi-select", CrowdImageClassifierMultiSelect);
