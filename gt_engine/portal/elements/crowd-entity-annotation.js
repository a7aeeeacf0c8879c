/** crowd-entity-annotation: words of a text are labeled. The page's form is inside it, as in Ground Truth. */

import { FullPageElement, KEYS, colorOf, css, define, h, inkOn } from "./base.js";
import { Entities } from "./entities.js";
import { markIn, markedIn } from "./text-selection.js";

const styles = css`
  .main crowd-form { padding: 1.25rem 1.5rem 2rem; max-width: 60rem; }
  .text { font-size: 1.1rem; line-height: 2.15; white-space: pre-wrap; overflow-wrap: anywhere; cursor: text; }
  .text::selection, .text ::selection { background: #b5d3f7; color: #000; }
  mark { color: inherit; padding: .18em .1em; border-radius: 3px; background: color-mix(in srgb, var(--color) 26%, transparent); border-bottom: 2px solid var(--color); cursor: pointer; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
  mark::after { content: attr(data-tag); margin-inline-start: .35em; padding: .12em .35em; border-radius: 3px; background: var(--color); color: var(--ink); font-size: .68em; font-weight: 700; letter-spacing: .02em; vertical-align: .12em; user-select: none; }
  mark[aria-pressed="true"] { outline: 2px solid var(--crowd-accent); outline-offset: 1px; }
  mark button { width: 1.35em; height: 1.35em; margin-inline-start: .15em; padding: 0; border: 0; border-radius: 50%; background: none; color: inherit; cursor: pointer; font-size: .85em; line-height: 1; user-select: none; }
  mark button::before { content: "×"; }
  mark button:hover { background: var(--crowd-sunken); }
  .labels { display: flex; flex-direction: column; gap: .3rem; margin-bottom: 1rem; }
  .labels h2, .entities h2 { margin-bottom: .2rem; }
  .labels button { display: flex; align-items: center; gap: .6rem; min-height: 2.3rem; padding: .3rem .6rem; text-align: start; border: 1px solid var(--crowd-line); border-radius: var(--crowd-radius); background: none; cursor: pointer; }
  .labels button:hover { background: var(--crowd-raised); }
  .labels button[aria-pressed="true"] { background: var(--crowd-tint); border-color: var(--crowd-accent); box-shadow: inset 0 0 0 1px var(--crowd-accent); }
  .swatch { width: .95rem; height: .95rem; border-radius: 3px; flex: none; background: var(--color); }
  .labels .name, .entities .name { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  .entities ol { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
  .entities li { display: flex; align-items: center; gap: .5rem; padding: .1rem 0; }
  .entities li button.name { border: 0; background: none; padding: .15rem; text-align: start; cursor: pointer; }
  .entities li button.remove { border: 0; background: none; cursor: pointer; border-radius: 4px; min-width: 1.6rem; min-height: 1.6rem; color: var(--crowd-muted); }
  .hint { margin: 0; color: var(--crowd-muted); font-size: .9rem; }
  @container (max-width: 52rem) { .labels { flex-direction: row; flex-wrap: wrap; margin-bottom: .4rem; } .labels h2 { flex-basis: 100%; } .entities { display: none; } }
`;

class CrowdEntityAnnotation extends FullPageElement {
  static attributes = { ...super.attributes, text: "string", labels: "json", "initial-value": "json" };
  static styles = [...super.styles, styles];
  #entities = new Entities("");
  /** @type {import("./entities.js").Entity|null} */ #selected = null;
  /** @type {string|null} the label that the next selection gets */ #label = null;
  #text = h("div", { class: "text", dir: "auto", tabindex: "0", role: "document", "aria-label": "The text; arrow keys go from word to word, with Shift they mark more" });
  #hint = h("p", { class: "hint", "aria-live": "polite" });
  #words = null;

  renderMain(root) {
    const form = document.createElement(this.closest("crowd-form") ? "div" : "crowd-form");
    form.append(this.#text);
    root.append(form);
    this.#text.addEventListener("pointerup", () => setTimeout(() => this.#onSelection()));
    this.#text.addEventListener("click", (event) => this.#onClick(event));
    this.#text.addEventListener("keydown", (event) => this.#onTextKey(event));
    this.#take();
  }

  renderSide(root) {
    this.labelList = h("div", { class: "labels" });
    this.entityList = h("div", { class: "entities" });
    root.setAttribute("aria-label", "Labels");
    root.append(this.labelList, this.entityList);
    this.#showLabels();
    this.#show();
  }

  renderTools(root) {
    const tool = (text, key, does) => h("button", { type: "button", class: "button", onclick: does, "aria-keyshortcuts": key }, text, h("kbd", { "aria-hidden": "true" }, key));
    this.tools = {
      undo: tool("Undo", "Ctrl+Z", () => this.#step("undo")),
      redo: tool("Redo", "Ctrl+Y", () => this.#step("redo")),
      alike: tool("All alike", "A", () => this.#labelAlike()),
      remove: tool("Remove", "Del", () => this.#remove()),
    };
    root.append(...Object.values(this.tools), this.#hint);
    this.#show();
  }

  update(names) {
    super.update(names);
    if (names.has("text") || names.has("initial-value")) this.#take();
    this.#showLabels();
    this.#show();
  }

  get value() {
    return { entities: this.#entities.toOffsets() };
  }

  set value(value) {
    this.#entities.fromOffsets(value?.entities ?? value ?? []);
    this.#selected = null;
    this.#show();
  }

  shortcuts() {
    return [
      ...this.#labels.slice(0, KEYS.length).map(({ name }, index) => ({ keys: [KEYS[index].toUpperCase()], does: `Label the marked words “${name}”` })),
      { keys: ["←", "→"], does: "Mark the word before, the next word; with Shift: mark more" },
      { keys: ["A"], does: "Label all other places with the same words" },
      { keys: ["Delete"], does: "Remove the label" },
      { keys: ["Ctrl+Z", "Ctrl+Y"], does: "Undo, redo" },
      { keys: ["Escape"], does: "Let go of label and words" },
    ];
  }

  onKey(event) {
    const isControl = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isControl && key === "z") return this.#step(event.shiftKey ? "redo" : "undo");
    if (isControl && key === "y") return this.#step("redo");
    if (isControl || event.altKey) return false;
    const label = this.#labels[KEYS.indexOf(key)];
    if (label) return this.#chooseLabel(label.label);
    if (key === "a") return this.#labelAlike();
    if (key === "delete" || key === "backspace") return this.#remove();
    if (key === "escape") return this.#letGo();
    return false;
  }

  /** @returns {{label: string, tag: string, name: string}[]} */
  get #labels() {
    return (this.labels ?? []).map((entry) => (typeof entry === "object"
      ? { label: entry.label, tag: entry.shortDisplayName || entry.label, name: entry.fullDisplayName || entry.label }
      : { label: String(entry), tag: String(entry), name: String(entry) }));
  }

  #known(label) {
    const index = this.#labels.findIndex((entry) => entry.label === label);
    const color = index < 0 ? "#7f7f7f" : colorOf(index);
    return { ...(this.#labels[index] ?? { label, tag: label, name: label }), color };
  }

  /** Starts anew with the text and the labels that the template gives. */
  #take() {
    this.#entities = new Entities(this.text);
    this.#words = null;
    this.#selected = null;
    const outside = this.#entities.fromOffsets(this.initialValue ?? []);
    if (outside.length) reportError(new RangeError(`<crowd-entity-annotation> has initial values that are not in its text: ${JSON.stringify(outside)}`));
  }

  #showLabels() {
    this.labelList.replaceChildren(h("h2", {}, "Labels"), ...this.#labels.map(({ label, name }, index) => {
      const swatch = h("span", { class: "swatch" });
      swatch.style.setProperty("--color", colorOf(index));
      const key = KEYS[index];
      return h("button", { type: "button", "data-label": label, "aria-keyshortcuts": key, onmousedown: (event) => event.preventDefault(), onclick: () => this.#chooseLabel(label) },
        swatch, h("span", { class: "name", dir: "auto" }, name), key && h("kbd", { "aria-hidden": "true" }, key.toUpperCase()));
    }));
  }

  #show() {
    if (!this.tools || !this.labelList) return;
    const parts = [];
    let at = 0;
    for (const entity of this.#entities.list) {
      parts.push(this.text.slice(at, entity.start), this.#mark(entity));
      at = entity.end;
    }
    this.#text.replaceChildren(...parts, this.text.slice(at));
    for (const button of this.labelList.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.label === this.#label));
    this.entityList.replaceChildren(h("h2", {}, `Labeled (${this.#entities.list.length})`), h("ol", {}, ...this.#entities.list.map((entity) => this.#row(entity))));
    this.tools.undo.disabled = !this.#entities.canUndo;
    this.tools.redo.disabled = !this.#entities.canRedo;
    this.tools.alike.disabled = this.tools.remove.disabled = !this.#selected;
  }

  /** The words carry the source's text and nothing else: label and cross are drawn by the style sheet. */
  #mark(entity) {
    const { tag, name, color } = this.#known(entity.label);
    const words = this.text.slice(entity.start, entity.end);
    const isSelected = entity === this.#selected;
    const remove = isSelected && h("button", { type: "button", "aria-label": `Remove ${name}: ${words}`, onclick: () => this.#remove(entity) });
    const mark = h("mark", { "data-tag": tag, "data-start": entity.start, tabindex: "0", role: "button", "aria-pressed": String(isSelected), "aria-label": `${name}: ${words}` }, words);
    mark.style.setProperty("--color", color);
    mark.style.setProperty("--ink", inkOn(color));
    if (!remove) return mark;
    remove.tabIndex = -1; // the keyboard has Delete
    mark.append(remove);
    return mark;
  }

  #row(entity) {
    const { name, color } = this.#known(entity.label);
    const words = this.text.slice(entity.start, entity.end);
    const swatch = h("span", { class: "swatch", title: name });
    swatch.style.setProperty("--color", color);
    return h("li", {}, swatch, h("button", { type: "button", class: "name", dir: "auto", "aria-label": `${name}: ${words}`, onclick: () => this.#select(entity) }, words),
      h("button", { type: "button", class: "remove", "aria-label": `Remove ${name}: ${words}`, onclick: () => this.#remove(entity) }, "×"));
  }

  /** A label was chosen: for the marked words, for the selected entity, or for what is marked next. */
  #chooseLabel(label) {
    const range = this.#marked();
    if (range) {
      this.#add(range, label);
    } else if (this.#selected) {
      this.#selected = this.#entities.relabel(this.#selected, label);
      this.#changed();
    } else {
      this.#label = this.#label === label ? null : label;
      this.#hint.textContent = this.#label === null ? "" : `Mark words to label them “${this.#known(label).name}”.`;
      this.#show();
    }
    return true;
  }

  #onSelection() {
    const range = this.#marked();
    if (!range) return;
    this.#selected = null;
    if (this.#label !== null) this.#add(range, this.#label);
    else this.#hint.textContent = "Choose a label for the marked words.";
  }

  #add(range, label) {
    const entity = this.#entities.add(range.start, range.end, label);
    document.getSelection().removeAllRanges();
    if (!entity) {
      this.#hint.textContent = "A part of these words is labeled already: remove that label first.";
      return;
    }
    this.#selected = entity;
    this.#changed();
  }

  #onClick(event) {
    const mark = event.target.closest("mark");
    if (event.target.closest("button") || this.#marked()) return;
    this.#select(mark ? this.#entities.list.find((entity) => entity.start === Number(mark.dataset.start)) : null);
  }

  #select(entity) {
    this.#selected = entity ?? null;
    this.#hint.textContent = entity ? "Choose another label, or remove it." : "";
    this.#show();
    if (entity) this.#text.querySelector(`mark[data-start="${entity.start}"]`).scrollIntoView({ block: "nearest" });
  }

  #letGo() {
    if (!this.#selected && this.#label === null && !this.#marked()) return false;
    document.getSelection().removeAllRanges();
    this.#label = null;
    this.#select(null);
    return true;
  }

  #remove(entity = this.#selected) {
    if (!entity) return false;
    this.#entities.remove(entity);
    this.#selected = null;
    this.#changed();
    return true;
  }

  #labelAlike() {
    if (!this.#selected) return false;
    const count = this.#entities.addAlike(this.#selected);
    this.#changed(count === 0 ? "There is no other place with these words." : `${count} more labeled.`);
    return true;
  }

  #step(direction) {
    this.#entities[direction]();
    this.#selected = null;
    this.#changed();
    return true;
  }

  #changed(hint = "") {
    this.#hint.textContent = hint;
    const hadFocus = this.shadowRoot.activeElement?.closest(".text");
    this.#show();
    if (hadFocus) this.#text.focus({ preventScroll: true });
    this.changed();
  }

  /** What is marked with mouse or keys, without blanks around it, in offsets of the text; null where that is nothing. */
  #marked() {
    const range = markedIn(this.shadowRoot, this.#text);
    return range && this.#entities.trim(range.start, range.end);
  }

  /** Without a mouse: arrows mark word after word. */
  #onTextKey(event) {
    if (event.key === "Enter" && event.target.localName === "mark") return this.#pressMark(event);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#words ??= [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(this.text)]
      .filter((part) => part.isWordLike).map(({ index, segment }) => ({ start: index, end: index + segment.length }));
    const marked = this.#marked();
    const edge = marked ? (step > 0 ? marked.end : marked.start) : this.#selected ? this.#selected[step > 0 ? "end" : "start"] : 0;
    const next = step > 0 ? this.#words.find((word) => word.start >= edge) : this.#words.findLast((word) => word.end <= edge);
    if (event.shiftKey && marked && step < 0) this.#markRange(marked.start, this.#words.findLast((word) => word.end < marked.end)?.end ?? marked.end);
    else if (next) this.#markRange(event.shiftKey && marked ? marked.start : next.start, next.end);
  }

  #pressMark(event) {
    event.preventDefault();
    event.stopPropagation();
    this.#select(this.#entities.list.find((entity) => entity.start === Number(event.target.dataset.start)));
  }

  #markRange(start, end) {
    markIn(this.#text, start, end);
    this.#selected = null;
  }
}

define("crowd-entity-annotation", CrowdEntityAnnotation);
