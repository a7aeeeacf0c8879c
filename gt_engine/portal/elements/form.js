/** crowd-form: what is on the page becomes one answer. */

import { CrowdElement, FullPageElement, SUBMIT_KEYS, css, define, dialogOf, h, isTyping, keysStyles, keysTable } from "./base.js";

const styles = css`
  :host { display: block; }
  .end { display: flex; align-items: center; gap: 1rem; margin-top: 1rem; }
  .end:empty { display: none; }
  .end button { display: var(--crowd-standalone, inline-flex); }
  .end .error { margin: 0; }
`;

/** The elements of the page that submits: crowd-form itself, or one that brings its own form, as crowd-entity-annotation. */
export function primaryForm(root = document) {
  return root.querySelector("crowd-form")
    ?? [...root.querySelectorAll("*")].map((element) => element.shadowRoot?.querySelector("crowd-form")).find(Boolean) ?? null;
}

/**
 * Wraps its children into a real form in the light DOM (`.form`), so that `required`, Enter and `FormData` work as
 * everywhere. A press on Submit fires a cancelable `submit` event first; what a listener adds to the form is collected.
 * The answer leaves as a "crowd-submit" event with `detail.answer`, which the frame hands on;
 * "crowd-refused" (`detail.message`) and "crowd-stopped" (by a listener of the template) tell why none did.
 */
export class CrowdForm extends CrowdElement {
  static formAssociated = false;
  static regions = ["full-instructions"];
  static styles = [styles, keysStyles];
  #form = document.createElement("form");
  #isWordEnded = false; // Enter is held in a field whose submission by the browser is not meant

  /** @returns {HTMLFormElement} */
  get form() {
    return this.#form;
  }

  connectedCallback() {
    if (!this.#form.isConnected) this.#wrap();
    super.connectedCallback();
  }

  render(root) {
    const full = this.region("full-instructions");
    root.append(
      full ? h("button", { type: "button", class: "button link", onclick: () => this.openInstructions() }, "View full instructions") : "",
      h("slot"), h("div", { class: "end" }),
      dialogOf("full", full?.getAttribute("header") || "Instructions", h("slot", { name: "full-instructions" })),
      dialogOf("keys", "Keyboard shortcuts", h("div", { class: "keys-list" })));
    root.addEventListener("slotchange", () => this.#offerSubmit());
    this.#offerSubmit();
  }

  /** Those of a page without a tool of its own. @returns {boolean} whether there are any */
  openInstructions() {
    if (!this.region("full-instructions")) return false;
    this.#open("full");
    return true;
  }

  /** @param {{keys: string[], does: string}[]} more keys of the page around @returns {boolean} false where a tool has its own list */
  openShortcuts(more = []) {
    if (this.#tool()) return false;
    this.shadowRoot.querySelector(".keys-list").replaceChildren(keysTable([...SUBMIT_KEYS, ...more]));
    this.#open("keys");
    return true;
  }

  /** Submits as a press on Submit does: checks, fires `submit`, collects. */
  requestSubmit() {
    const invalid = this.firstInvalid();
    if (invalid) return this.#refuse(invalid);
    const event = new SubmitEvent("submit", { bubbles: true, cancelable: true });
    if (this.#form.dispatchEvent(event)) this.submit();
    else this.dispatchEvent(new CustomEvent("crowd-stopped", { bubbles: true, composed: true }));
  }

  /** Collects and sends without the `submit` event, as a native form's `submit()` does. */
  submit() {
    const invalid = this.firstInvalid();
    if (invalid) return this.#refuse(invalid);
    this.dispatchEvent(new CustomEvent("crowd-submit", { bubbles: true, composed: true, detail: { answer: this.collect() } }));
  }

  reset() {
    this.#form.reset();
  }

  /** @returns {object} answerContent: one key per name */
  collect() {
    const answer = {};
    for (const element of this.fields()) {
      if (element.constructor.isSpread && element instanceof CrowdElement) Object.assign(answer, element.answer);
      else add(answer, element);
    }
    return answer;
  }

  /** All that has an answer, in the order of the page: native controls, crowd elements, `object-value-input`. */
  fields() {
    const inside = [...this.querySelectorAll("*")].filter(isField); // what a script has just added beside the form, too
    const host = this.getRootNode().host;
    return host instanceof CrowdElement ? [host, ...inside] : inside;
  }

  /** @returns {{element: Element, message: string}|null} */
  firstInvalid() {
    for (const element of this.fields()) {
      if (isDisabled(element)) continue;
      const message = problemOf(element);
      if (message) return { element, message };
    }
    const own = this.#form.querySelector('crowd-button[form-action="submit"]');
    if (own?.disabled) return { element: own, message: "The task is not complete yet." };
    return null;
  }

  #refuse({ element, message }) {
    const page = element.closest("short-instructions")?.parentElement;
    if (page instanceof FullPageElement) page.toggleInstructions(true); // templates ask there, too
    if (element instanceof CrowdElement) element.showProblem(message);
    else if (element.reportValidity) element.reportValidity();
    else element.focus?.();
    this.dispatchEvent(new CustomEvent("crowd-refused", { bubbles: true, composed: true, detail: { message } }));
  }

  #wrap() {
    this.#form.noValidate = true; // the check is requestSubmit's, which knows all kinds of fields
    this.#form.method = "dialog"; // Firefox sends a form for a script's `submit` event too; of this method nothing is sent
    const children = [...this.childNodes];
    super.append(this.#form);
    for (const child of children) if (child.localName !== "full-instructions") move(this.#form, child);
    this.#form.addEventListener("submit", (event) => {
      if (!event.isTrusted) return; // requestSubmit's own, or a script's
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!this.#isWordEnded) this.requestSubmit();
    }, { capture: true });
    this.#form.addEventListener("keydown", this.#onKeydown);
    this.#form.addEventListener("keyup", () => { this.#isWordEnded = false; });
    new MutationObserver((changes) => {
      for (const node of changes.flatMap((change) => [...change.addedNodes])) {
        if (node !== this.#form && node.localName !== "full-instructions" && node.parentNode === this) move(this.#form, node);
      }
      this.#offerSubmit();
    }).observe(this, { childList: true });
  }

  #onKeydown = (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || !isTyping(event)) return;
    const isAsked = event.ctrlKey || event.metaKey;
    // Beside a tool a field is for something small on the way, such as a new label.
    this.#isWordEnded = !isAsked && Boolean(this.#tool());
    if (this.#isWordEnded || (!isAsked && event.composedPath()[0].localName === "textarea")) return;
    event.preventDefault();
    this.requestSubmit();
  };

  #open(name) {
    for (const dialog of this.shadowRoot.querySelectorAll("dialog[open]")) dialog.close();
    this.shadowRoot.querySelector(`dialog.${name}`).showModal();
  }

  /** The full-page tool in this form, or around it. @returns {FullPageElement|undefined} */
  #tool() {
    return [this.getRootNode().host, ...this.#form.querySelectorAll("*")].find((element) => element instanceof FullPageElement);
  }

  /** A Submit button, unless the template or a full-page tool brings one. */
  #offerSubmit() {
    const end = this.shadowRoot.querySelector(".end");
    const isBrought = this.#form.querySelector('crowd-button[form-action="submit"]')
      || this.#tool();
    if (isBrought) end?.replaceChildren();
    else if (end && !end.childElementCount) {
      end.append(h("button", { type: "button", class: "button primary", onclick: () => this.requestSubmit() }, "Submit"), h("p", { class: "error", part: "error", role: "alert" }));
    }
  }
}

/** Moves without unloading frames and media where the browser can. */
function move(parent, child) {
  if (parent.moveBefore && parent.isConnected && child.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) parent.moveBefore(child, null);
  else parent.append(child);
}

const SKIPPED_TYPES = ["submit", "button", "reset", "image", "file"];

function isField(element) {
  if (element instanceof CrowdElement || element.localName === "object-value-input") return Boolean(element.name) || element.constructor.isSpread;
  if (!["input", "select", "textarea"].includes(element.localName)) return false;
  return Boolean(element.name || element.required) && !SKIPPED_TYPES.includes(element.type);
}

function isDisabled(element) {
  return element.hasAttribute("disabled") || element.matches(":disabled");
}

/** @returns {string|null} */
function problemOf(element) {
  if (element instanceof CrowdElement) return element.validate();
  if (element.localName !== "object-value-input") return element.willValidate && !element.validity.valid ? element.validationMessage : null;
  if (!element.validate) return null;
  const verdict = element.validate();
  return verdict === true || verdict === undefined || verdict === null ? null : typeof verdict === "string" ? verdict : "This part is not complete.";
}

function answerOf(element) {
  if (element instanceof CrowdElement) return element.answer;
  if (element.localName === "object-value-input") return element.value;
  if (element.type === "checkbox" || element.type === "radio") return { [element.value]: element.checked };
  if (element.type === "select-multiple") return [...element.selectedOptions].map((option) => option.value);
  return element.value === "" ? undefined : element.value;
}

/** Repeated names merge: objects field by field, texts into a list. */
function add(answer, element) {
  if (isDisabled(element) || !element.name) return;
  const value = answerOf(element);
  if (value === undefined || value === null) return;
  const before = Object.hasOwn(answer, element.name) ? answer[element.name] : undefined;
  if (before === undefined) answer[element.name] = value;
  else if (isPlain(before) && isPlain(value)) answer[element.name] = { ...before, ...value };
  else answer[element.name] = [].concat(before, value);
}

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

define("crowd-form", CrowdForm);
