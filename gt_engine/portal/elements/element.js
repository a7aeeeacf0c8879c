/**
 * What all crowd elements share: attributes as properties, JSON5 in attributes, regions as slots, a value for the form.
 * The rules are those of Ground Truth's elements (developer guide: sms-ui-template-reference).
 */

import JSON5 from "./vendor/json5.mjs";
import { theme } from "./theme.js";

/** @typedef {"string"|"number"|"boolean"|"json"} Kind how an attribute's text is read */

/** @param {string} attribute @returns {string} "max-length" → "maxLength" */
const propertyOf = (attribute) => attribute.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/** Makes an element known to the browser under its tag, with a property for each attribute. */
export function define(tag, Element) {
  for (const [attribute, kind] of Object.entries(Element.attributes)) reflect(Element.prototype, attribute, kind);
  if (!customElements.get(tag)) customElements.define(tag, Element);
}

/** @param {Kind} kind */
function reflect(prototype, attribute, kind) {
  const property = propertyOf(attribute);
  for (let at = prototype; at !== HTMLElement.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertyDescriptor(at, property)) return; // the class has its own
  }
  Object.defineProperty(prototype, property, {
    configurable: true,
    enumerable: true,
    get() {
      if (kind === "boolean") return this.hasAttribute(attribute);
      if (kind === "json") return this.json(attribute);
      const text = this.getAttribute(attribute);
      if (kind === "number") return text === null || text.trim() === "" || isNaN(text) ? undefined : Number(text);
      return text ?? "";
    },
    set(value) {
      if (kind === "json") this.setJson(attribute, value);
      else if (kind === "boolean") this.toggleAttribute(attribute, Boolean(value));
      else if (value === null || value === undefined) this.removeAttribute(attribute);
      else this.setAttribute(attribute, String(value));
    },
  });
}

/**
 * The base of all elements. A subclass declares `attributes` (attribute → kind), `regions` (tags of children that have a
 * slot of the same name), `styles` (sheets), and writes `render(root)`; it is called once, when the element is first in
 * the page. `update(names)` follows changes of attributes and JSON properties, at most once per task turn.
 *
 * An element with an answer has `value` (what scripts read and set), and `answer`, what stands below `name` in the page's
 * answer; they are the same unless a subclass says otherwise. `undefined` is left out.
 */
export class CrowdElement extends HTMLElement {
  static formAssociated = true;
  /** @type {Record<string, Kind>} */
  static attributes = { name: "string" };
  /** @type {string[]} */
  static regions = [];
  /** @type {CSSStyleSheet[]} */
  static styles = [];
  /** Whether the answer's fields stand beside `name`s instead of below this element's own. */
  static isSpread = false;

  static get observedAttributes() {
    return Object.keys(this.attributes);
  }

  #json = new Map();
  #isRendered = false;
  #changes = null;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [theme, ...this.constructor.styles];
  }

  connectedCallback() {
    if (this.#isRendered) return;
    this.#takeEarlyProperties();
    this.#assignRegions();
    new MutationObserver(() => this.#assignRegions()).observe(this, { childList: true });
    this.render(this.shadowRoot);
    this.#isRendered = true;
    this.refreshValidity();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    this.#json.delete(name);
    this.#plan(name);
  }

  /** Builds the shadow tree. @param {ShadowRoot} root */
  render(root) {
    root.append(document.createElement("slot"));
  }

  /** Follows changed attributes; the plain way is to build anew. @param {Set<string>} names */
  update(names) { // eslint-disable-line no-unused-vars
    this.shadowRoot.replaceChildren();
    this.render(this.shadowRoot);
  }

  get isRendered() {
    return this.#isRendered;
  }

  /** @returns {Promise<void>} settled when all that the element has to load is drawn or has failed */
  get loaded() {
    return Promise.resolve();
  }

  get value() {
    return undefined;
  }

  set value(value) {} // eslint-disable-line no-unused-vars

  /** What the form collects. */
  get answer() {
    return this.value;
  }

  /** The name that scripts of public templates use for it. */
  get _submittableValue() {
    return this.answer;
  }

  /** Restorable unsubmitted work, JSON only. */
  get draft() {
    return this.value;
  }

  set draft(draft) {
    this.value = draft;
  }

  /** @returns {string|null} why this cannot be submitted, in words for a worker */
  validate() {
    return null;
  }

  /** Shows why it cannot be submitted and takes the worker there. @param {string|null} message null: takes the words away */
  showProblem(message) {
    const place = this.shadowRoot.querySelector("[part~=error]");
    if (place) place.textContent = message ?? "";
    if (message) this.focus();
  }

  /** Tells form, template and draft that a person has changed the value. */
  changed() {
    this.refreshValidity();
    this.showProblem(null);
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    this.dispatchEvent(new Event("change", { bubbles: true, composed: true }));
  }

  /** Call it when the value changed without a person's doing, as by a script. */
  refreshValidity() {
    if (!this.constructor.formAssociated) return;
    const problem = this.hasAttribute("disabled") ? null : this.validate();
    this.internals.setValidity(problem ? { customError: true } : {}, problem ?? "");
  }

  checkValidity() { return this.internals.checkValidity(); }
  reportValidity() { return this.internals.reportValidity(); }
  get validationMessage() { return this.internals.validationMessage; }
  get validity() { return this.internals.validity; }
  get form() { return this.internals.form; }

  /**
   * The JSON of an attribute, or what a script has set in its place.
   * Unreadable JSON is reported as an error of the page, which the frame passes on.
   */
  json(attribute, otherwise = undefined) {
    if (!this.#json.has(attribute)) this.#json.set(attribute, this.#parse(attribute));
    return this.#json.get(attribute) ?? otherwise;
  }

  setJson(attribute, value) {
    this.#json.set(attribute, typeof value === "string" ? this.#read(attribute, value) : value);
    this.#plan(attribute);
  }

  /** The child that is the region of that tag, or null. @returns {HTMLElement|null} */
  region(tag) {
    return [...this.children].find((child) => child.localName === tag) ?? null;
  }

  #parse(attribute) {
    const text = this.getAttribute(attribute);
    return text === null || text.trim() === "" ? undefined : this.#read(attribute, text);
  }

  #read(attribute, text) {
    try {
      return JSON5.parse(text);
    } catch (error) {
      reportError(new SyntaxError(`<${this.localName}> cannot read its ${attribute}: ${error.message}; it must be JSON: ${text.slice(0, 80)}`));
      return undefined;
    }
  }

  #plan(name) {
    if (!this.#isRendered) return;
    if (this.#changes) return void this.#changes.add(name);
    this.#changes = new Set([name]);
    queueMicrotask(() => {
      const names = this.#changes;
      this.#changes = null;
      this.update(names);
      this.refreshValidity();
    });
  }

  /** Properties that a script set before this class was known hide the accessors; they are set once more. */
  #takeEarlyProperties() {
    for (const [property, value] of Object.entries(this)) {
      if (!Object.prototype.hasOwnProperty.call(this, property) || !isAccessor(this, property)) continue;
      delete this[property];
      this[property] = value;
    }
  }

  #assignRegions() {
    for (const child of this.children) {
      if (this.constructor.regions.includes(child.localName) && child.slot !== child.localName) child.slot = child.localName;
    }
  }
}

function isAccessor(element, property) {
  for (let at = Object.getPrototypeOf(element); at && at !== HTMLElement.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.getOwnPropertyDescriptor(at, property)?.set) return true;
  }
  return false;
}

/**
 * One HTML element, with properties, `on…` listeners, attributes and children.
 * `h("button", {class: "button", onclick: f, "aria-label": "Close"}, "×")`
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Whether keys typed there are text and must not be taken as shortcuts. @param {Event} event */
export function isTyping(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (target.isContentEditable || target.localName === "textarea" || target.localName === "select") return true;
  return target.localName === "input" && !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
}

/**
 * Loads a picture so that its pixels may be read; "crowd-image-failed" tells the frame of one that cannot be shown.
 * @param {CrowdElement} element for the event @param {string} src
 * @returns {Promise<HTMLImageElement>} rejected with an Error in words for a worker
 */
export async function loadImage(element, src) {
  if (!src) throw new Error("This task has no picture.");
  for (const crossOrigin of ["anonymous", null]) {
    const image = new Image();
    image.crossOrigin = crossOrigin;
    image.src = src;
    try {
      await image.decode();
      return image;
    } catch { /* once more without CORS: it can be seen, though its pixels cannot be read */ }
  }
  element.dispatchEvent(new CustomEvent("crowd-image-failed", { bubbles: true, composed: true, detail: { src } }));
  throw new Error("The picture cannot be shown.");
}
