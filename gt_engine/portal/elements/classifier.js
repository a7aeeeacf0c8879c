/** What the four classifiers share: categories on the right, one or several of them as the answer. */

import { Choices, choicesStyles } from "./choices.js";
import { FullPageElement, css, h } from "./base.js";

const styles = css`
  .proposed { margin: .6rem 0 0; color: var(--crowd-muted); font-size: .925rem; }
  .comment { margin-top: 1rem; }
  .comment label { display: block; font-weight: 600; font-size: .925rem; margin-bottom: .3rem; }
  .comment textarea { width: 100%; padding: .45em .6em; border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); background: var(--crowd-surface); resize: vertical; }
`;

/** `isMultiple` says which of the two kinds it is. The value: the category's text, or the list of them. */
export class Classifier extends FullPageElement {
  /** proposed: `initial-value`, a category or a list of them, is a machine's choice, chosen already. */
  static attributes = { ...super.attributes, categories: "json", proposed: "boolean", "initial-value": "json" };
  static styles = [...super.styles, choicesStyles, styles];
  static isMultiple = false;
  #choices = new Choices({
    isMultiple: this.constructor.isMultiple,
    title: this.constructor.isMultiple ? "Select all that apply" : "Select one",
    onChange: () => this.changed(),
  });
  #note = h("p", { class: "proposed", role: "note", hidden: true });
  #comment = null;

  renderSide(root) {
    this.#offer();
    this.#propose();
    root.classList.add("category-picker");
    root.setAttribute("aria-label", "Categories");
    root.append(h("div", { class: "category-picker-wrapper" }, this.#choices.element, this.#note));
    const region = this.region("worker-comment");
    if (region) root.append(this.#commentBox(region));
  }

  update(names) {
    super.update(names);
    if (names.has("categories") || names.has("exclusion-category")) this.#offer();
  }

  get value() {
    const chosen = this.#choices.chosen;
    return this.constructor.isMultiple ? (chosen.length ? chosen : undefined) : chosen[0];
  }

  set value(value) {
    const plain = value?.labels ?? value?.label ?? value ?? [];
    this.#choices.chosen = [].concat(plain);
    this.refreshValidity();
  }

  get answer() {
    const { value } = this;
    if (value === undefined) return undefined;
    const chosen = this.constructor.isMultiple ? { labels: value } : { label: value };
    const comment = this.#comment?.value.trim();
    return comment ? { ...chosen, workerComment: comment } : chosen;
  }

  get draft() {
    return { chosen: this.#choices.chosen, comment: this.#comment?.value };
  }

  set draft({ chosen, comment }) {
    this.#choices.chosen = chosen ?? [];
    if (this.#comment && comment) {
      this.#comment.value = comment;
      this.#openComment();
    }
  }

  formResetCallback() {
    this.value = [];
    this.#propose();
    if (this.#comment) this.#comment.value = "";
  }

  validate() {
    if (this.value !== undefined) return null;
    return this.constructor.isMultiple ? "Choose at least one category." : "Choose a category.";
  }

  shortcuts() {
    return this.#choices.shortcuts();
  }

  onKey(event) {
    return this.#choices.onKey(event);
  }

  #offer() {
    this.#choices.offer(this.categories ?? [], this.json("exclusion-category")?.text ?? null);
  }

  #propose() {
    const proposed = [].concat(this.json("initial-value") ?? []);
    if (!proposed.length) return;
    this.#choices.chosen = proposed;
    this.#note.textContent = `Chosen by a machine: ${this.#choices.chosen.join(", ")}. Change it where it is wrong.`;
    this.#note.hidden = !this.proposed;
  }

  #commentBox(region) {
    const header = region.getAttribute("header") || "Comment";
    this.#comment = h("textarea", { id: "comment", rows: 3, placeholder: region.getAttribute("placeholder"), dir: "auto" });
    this.#comment.addEventListener("input", (event) => {
      event.stopPropagation();
      this.changed();
    });
    this.#comment.addEventListener("change", (event) => event.stopPropagation());
    return h("div", { class: "comment" },
      h("button", { type: "button", class: "button link", onclick: () => this.#openComment(true) }, region.getAttribute("link-text") || "Add a comment"),
      h("div", { hidden: true, class: "field" }, h("label", { for: "comment" }, header), this.#comment, h("slot", { name: "worker-comment" })));
  }

  #openComment(takesFocus = false) {
    const [link, field] = this.#comment.closest(".comment").children;
    link.hidden = true;
    field.hidden = false;
    if (takesFocus) this.#comment.focus();
  }
}
