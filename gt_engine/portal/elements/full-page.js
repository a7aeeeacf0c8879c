/** The page around a tool: instructions on the left, the work in the middle, choices on the right, tools below. */

import { CrowdElement, h, isTyping } from "./element.js";
import { css } from "./theme.js";

const styles = css`
  :host { display: block; height: 100vh; height: 100dvh; min-height: 26rem; container-type: inline-size; background: var(--crowd-surface); }
  .page { display: grid; grid-template: "instructions area" minmax(0, 1fr) "tools tools" auto / auto minmax(0, 1fr); height: 100%; }
  .instructions { grid-area: instructions; width: 17rem; overflow: auto; background: var(--crowd-raised); border-inline-end: 1px solid var(--crowd-line); }
  .instructions > header { display: flex; align-items: center; justify-content: space-between; padding: .6rem .5rem .1rem 1rem; }
  .instructions h2, .side h2 { margin: 0; font-size: .95rem; }
  .instructions > .body { padding: 0 1rem 1rem; font-size: .925rem; overflow-wrap: break-word; }
  .instructions .view { margin: 0 0 0 .75rem; }
  .annotation-area { grid-area: area; display: grid; grid-template: "header header" auto "main side" minmax(0, 1fr) / minmax(0, 1fr) auto; min-width: 0; }
  .header { grid-area: header; display: flex; align-items: center; gap: .75rem; padding: .7rem 1rem; border-bottom: 1px solid var(--crowd-line); }
  .header h1 { margin: 0; font-size: 1.1rem; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
  .header .show { flex: none; }
  .main { grid-area: main; position: relative; overflow: auto; min-width: 0; display: flex; flex-direction: column; }
  .main:focus-visible { outline-offset: -2px; }
  .main:is([tabindex="-1"], .quiet):focus { outline: none; }
  .main > slot:not([name]) { flex: none; display: block; }
  .side { grid-area: side; width: 17rem; overflow: auto; padding: .8rem 1rem; border-inline-start: 1px solid var(--crowd-line); background: var(--crowd-surface); }
  .side:empty { display: none; }
  .tools { grid-area: tools; display: flex; flex-wrap: wrap; align-items: center; gap: .4rem; padding: .5rem .75rem; border-top: 1px solid var(--crowd-line); background: var(--crowd-raised); }
  .tools .own { display: contents; }
  .tools .submit { margin-inline-start: auto; display: flex; align-items: center; gap: .75rem; }
  .tools .submit .error { margin: 0; }
  .tools .submit > button, .tools .keys { display: var(--crowd-standalone, inline-flex); }
  @container style(--crowd-standalone: none) { .tools:not(:has(.own > *)):has(.error:empty) { display: none; } }
  .submit kbd { background: none; color: inherit; border-color: currentColor; opacity: .85; }
  @container (max-width: 52rem) {
    .page { grid-template: "area" minmax(0, 1fr) "tools" auto / minmax(0, 1fr); position: relative; }
    .instructions { position: absolute; z-index: 5; inset-block: 0; inset-inline-start: 0; width: min(20rem, 88%); box-shadow: var(--crowd-shadow); }
    .annotation-area { grid-template: "header" auto "main" minmax(0, 1fr) "side" auto / minmax(0, 1fr); }
    .side { width: auto; max-height: 40cqh; max-height: 38vh; border-inline-start: 0; border-top: 1px solid var(--crowd-line); padding: .6rem .75rem; }
  }
`;
export const keysStyles = css`
  .shortcuts { width: 100%; border-collapse: collapse; }
  .shortcuts td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--crowd-line); vertical-align: top; }
  .shortcuts td:first-child { white-space: nowrap; width: 1%; }
`;
const NARROW = 832; // px: the width below which the panels lie over or under the work, as in the container query above

/** What submits wherever the work is. */
export const SUBMIT_KEYS = [{ keys: ["Enter", "Ctrl+Enter"], does: "Submit" }];

/** @param {{keys: string[], does: string}[]} rows @returns {HTMLElement} styled by `keysStyles` */
export function keysTable(rows) {
  return h("table", { class: "shortcuts" }, h("tbody", {}, rows.map(({ keys, does }) =>
    h("tr", {}, h("td", {}, ...keys.flatMap((key, index) => [index ? " " : "", h("kbd", {}, key)])), h("td", {}, does)))));
}

/** A dialog that its button, Escape or a click beside it closes. @returns {HTMLDialogElement} */
export function dialogOf(name, title, body) {
  const dialog = h("dialog", { class: `${name} awsui-modal-dialog`, "aria-label": title },
    h("header", {}, h("h2", {}, title), h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Close")),
    h("div", { class: "body" }, body));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return dialog;
}

/**
 * A subclass writes `renderMain(root)`, `renderSide(root)`, `renderTools(root)` (each may leave its place empty),
 * `shortcuts()` and `onKey(event)`. `header` and the instructions come from the template.
 */
export class FullPageElement extends CrowdElement {
  static attributes = { ...super.attributes, header: "string" };
  static regions = ["short-instructions", "full-instructions"];
  static styles = [styles, keysStyles];
  /** The header of a page whose template gives none. */
  static header = "";
  #parts = {};

  connectedCallback() {
    document.documentElement.dataset.fullPage = "";
    super.connectedCallback();
    document.addEventListener("keydown", this.#onKeydown);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.#onKeydown);
  }

  /** The middle. @param {HTMLElement} root */
  renderMain(root) {} // eslint-disable-line no-unused-vars
  /** The panel on the right. @param {HTMLElement} root */
  renderSide(root) {} // eslint-disable-line no-unused-vars
  /** The toolbar at the bottom. @param {HTMLElement} root */
  renderTools(root) {} // eslint-disable-line no-unused-vars

  /** @returns {{keys: string[], does: string}[]} what the list of keys says */
  shortcuts() {
    return [];
  }

  /** @param {KeyboardEvent} event never typed into a text field @returns {boolean} whether it was used */
  onKey(event) { // eslint-disable-line no-unused-vars
    return false;
  }

  /** The parts of the page: main, side, tools, instructions, header. @returns {Record<string, HTMLElement>} */
  get parts() {
    return this.#parts;
  }

  render(root) {
    const parts = {
      header: h("h1", { id: "header", part: "header" }, this.header || this.constructor.header),
      main: h("div", { class: "main", part: "main", role: "group", tabindex: "-1", "aria-labelledby": "header" }),
      side: h("section", { class: "side", part: "side" }),
      tools: h("div", { class: "own" }),
      instructions: this.#instructionsPanel(),
    };
    this.#parts = parts;
    parts.show = h("button", { type: "button", class: "button show", onclick: () => this.#wantInstructions(true) }, "Instructions");
    root.append(
      h("div", { class: "page awsui-app-layout" },
        parts.instructions,
        h("div", { class: "annotation-area" }, h("div", { class: "header" }, parts.show, parts.header), parts.main, parts.side),
        this.#toolbar(parts)),
      dialogOf("full", this.region("full-instructions")?.getAttribute("header") || "Instructions", h("slot", { name: "full-instructions" })),
      dialogOf("keys", "Keyboard shortcuts", h("div", { class: "keys-list" })));
    this.renderMain(parts.main);
    parts.main.append(h("slot"));
    this.renderSide(parts.side);
    this.renderTools(parts.tools);
    this.toggleInstructions(this.#hasShort() && innerWidth > NARROW);
    parts.show.hidden ||= !this.#hasShort() && !this.region("full-instructions");
  }

  /** Changes of `header` are followed here; a subclass calls super.update(names). @param {Set<string>} names */
  update(names) {
    if (names.has("header")) this.#parts.header.textContent = this.header || this.constructor.header;
  }

  toggleInstructions(isOpen) {
    if (isOpen && !this.#hasShort()) return this.openInstructions();
    this.#parts.instructions.hidden = !isOpen;
    this.#parts.show.hidden = isOpen;
  }

  openInstructions() {
    this.#open("full");
  }

  /** @param {{keys: string[], does: string}[]} more keys of the page around */
  openShortcuts(more = []) {
    this.shadowRoot.querySelector(".keys-list").replaceChildren(keysTable([...this.shortcuts(), ...SUBMIT_KEYS, ...more]));
    this.#open("keys");
  }

  /** Sends the page's form, as pressing Submit does. */
  submit() {
    (this.closest("crowd-form") ?? this.shadowRoot.querySelector("crowd-form"))?.requestSubmit();
  }

  /** The work takes the keys; no control is chosen for the worker. */
  focus(options) {
    const { main } = this.#parts;
    main.classList.add("quiet"); // a ring is for those who come by Tab
    main.addEventListener("blur", () => main.classList.remove("quiet"), { once: true });
    main.focus(options);
  }

  /** A worker who knows the instructions closes them once, not at every task. @param {boolean} isOpen */
  #wantInstructions(isOpen) {
    this.toggleInstructions(isOpen);
    if (this.#hasShort()) this.dispatchEvent(new CustomEvent("crowd-settings", { bubbles: true, composed: true, detail: { isInstructionsOpen: isOpen } }));
  }

  /** What a worker set in an earlier task of the job. @param {{isInstructionsOpen?: boolean}} settings */
  applySettings({ isInstructionsOpen }) {
    if (isInstructionsOpen !== undefined && innerWidth > NARROW) this.toggleInstructions(isInstructionsOpen && this.#hasShort());
  }

  #hasShort() {
    return this.region("short-instructions") !== null;
  }

  #open(name) {
    for (const dialog of this.shadowRoot.querySelectorAll("dialog[open]")) dialog.close();
    this.shadowRoot.querySelector(`dialog.${name}`).showModal();
  }

  #instructionsPanel() {
    const close = h("button", { type: "button", class: "button link icon", "aria-label": "Close instructions", onclick: () => this.#wantInstructions(false) }, "×");
    const view = this.region("full-instructions")
      && h("button", { type: "button", class: "button link view", onclick: () => this.openInstructions() }, "View full instructions");
    return h("aside", { class: "instructions awsui-app-layout__navigation", "aria-label": "Instructions", part: "instructions" },
      h("header", {}, h("h2", {}, "Instructions"), close), view,
      h("div", { class: "body" }, h("slot", { name: "short-instructions" })));
  }

  #toolbar(parts) {
    return h("div", { class: "tools", part: "tools" },
      parts.tools,
      h("button", { type: "button", class: "button link keys", onclick: () => this.openShortcuts() }, "Shortcuts"),
      h("div", { class: "submit" },
        h("p", { class: "error", part: "error", role: "alert" }),
        h("button", { type: "button", class: "button primary", onclick: () => this.submit() }, "Submit", h("kbd", { "aria-hidden": "true" }, "Enter"))));
  }

  #onKeydown = (event) => {
    if (event.defaultPrevented || isTyping(event) || this.shadowRoot.querySelector("dialog[open]")) return;
    if (this.onKey(event)) event.preventDefault();
  };
}
