/** crowd-card, crowd-alert, crowd-toast, crowd-modal and crowd-badge: what stands around the work. */

import { CrowdElement, css, define, h } from "./base.js";
import { icon } from "./icons.js";

class Furniture extends CrowdElement {
  static formAssociated = false;
  static attributes = {};
}

class CrowdCard extends Furniture {
  static attributes = { heading: "string", image: "string" };
  static styles = [css`
    :host { display: block; border: 1px solid var(--crowd-line); border-radius: 10px; background: var(--crowd-surface); box-shadow: 0 1px 3px rgb(10 20 30 / 8%); margin-block: .5rem; overflow: hidden; }
    img { display: block; width: 100%; }
    h3 { margin: 0; padding: .9rem 1rem 0; font-size: 1.05rem; }
    .body { display: block; padding: .25rem 1rem; }
  `];

  render(root) {
    const picture = this.image && h("img", { src: this.image, alt: this.heading || "" });
    root.append(...[picture, this.heading && h("h3", {}, this.heading), h("slot", { class: "body" })].filter(Boolean));
  }
}

class CrowdAlert extends Furniture {
  static attributes = { type: "string", dismissible: "boolean" };
  static styles = [css`
    :host { display: block; margin-block: .5rem; }
    .alert { display: flex; gap: .7rem; align-items: flex-start; padding: .65rem .8rem; border: 1px solid currentColor; border-radius: var(--crowd-radius); color: var(--crowd-accent); background: var(--crowd-tint); }
    .alert.success { color: var(--crowd-success); background: var(--crowd-success-tint); }
    .alert.warning { color: var(--crowd-warning); background: var(--crowd-warning-tint); }
    .alert.error { color: var(--crowd-danger); background: var(--crowd-danger-tint); }
    .words { flex: 1; min-width: 0; color: var(--crowd-text); }
    .alert > svg { flex: none; margin-top: .1rem; }
    button { border: 0; background: none; color: inherit; cursor: pointer; padding: .1rem; }
  `];

  render(root) {
    const kind = ["success", "error", "warning"].includes(this.type) ? this.type : "info";
    const close = this.dismissible && h("button", { type: "button", "aria-label": "Dismiss", onclick: () => this.#dismiss() }, icon("close"));
    root.append(h("div", { class: `alert ${kind}`, role: kind === "error" || kind === "warning" ? "alert" : "status" },
      icon({ success: "check", error: "error", warning: "warning", info: "info" }[kind]), h("div", { class: "words" }, h("slot")), close));
  }

  #dismiss() {
    this.dispatchEvent(new CustomEvent("dismiss", { bubbles: true }));
    this.remove();
  }
}

const TOAST_MS = 3000;

class CrowdToast extends Furniture {
  static attributes = { duration: "number", text: "string", opened: "boolean" };
  static styles = [css`
    .toast { position: fixed; z-index: 20; inset: auto auto 1.25rem 1.25rem; max-width: min(30rem, calc(100vw - 2.5rem)); padding: .75rem 1rem; border-radius: var(--crowd-radius); background: var(--crowd-text); color: var(--crowd-surface); box-shadow: var(--crowd-shadow); }
  `];
  #timer = 0;

  render(root) {
    root.append(h("div", { class: "toast", role: "status", hidden: !this.opened }, this.text, h("slot")));
    clearTimeout(this.#timer);
    const duration = this.duration ?? TOAST_MS;
    if (this.opened && duration > 0) this.#timer = setTimeout(() => this.close(), duration); // 0: until somebody closes it
  }

  open() { this.opened = true; }
  show() { this.opened = true; }
  close() { this.opened = false; }
  hide() { this.opened = false; }
  toggle() { this.opened = !this.opened; }
}

class CrowdModal extends Furniture {
  static attributes = { "link-text": "string", "link-type": "string" };
  static styles = [css`:host { display: inline-block; }`];

  render(root) {
    const dialog = h("dialog", { "aria-label": this.linkText || "Details" },
      h("header", {}, h("h2", {}, this.linkText), h("button", { type: "button", class: "button", onclick: () => this.close() }, "Close")),
      h("div", { class: "body" }, h("slot")));
    dialog.addEventListener("click", (event) => event.target === dialog && this.close());
    dialog.addEventListener("close", () => this.dispatchEvent(new CustomEvent("close")));
    if (this.linkText) root.append(h("button", { type: "button", class: `button ${this.linkType === "button" ? "" : "link"}`, "aria-haspopup": "dialog", onclick: () => this.open() }, this.linkText));
    root.append(dialog);
  }

  open() {
    const dialog = this.shadowRoot.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }

  close() {
    this.shadowRoot.querySelector("dialog").close();
  }
}

class CrowdBadge extends Furniture {
  static attributes = { for: "string", icon: "string", label: "string" };
  static styles = [css`
    :host { display: inline-block; }
    .badge { display: inline-grid; place-content: center; min-width: 1.35rem; height: 1.35rem; padding: 0 .3rem; border-radius: 1rem; background: var(--crowd-accent); color: var(--crowd-accent-ink); font-size: .75rem; font-weight: 700; }
  `];
  #follow = () => this.#place();
  #observer = new ResizeObserver(this.#follow);

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("resize", this.#follow);
    this.#observer.observe(document.body);
  }

  disconnectedCallback() {
    window.removeEventListener("resize", this.#follow);
    this.#observer.disconnect();
  }

  render(root) {
    const mark = icon(this.icon);
    if (mark) for (const side of ["width", "height"]) mark.setAttribute(side, "14");
    root.append(h("span", { class: "badge", role: "img", "aria-label": this.label || this.icon }, mark ?? this.label), h("slot"));
    this.#place();
  }

  /** At the upper right corner of the element that it is for. */
  #place() {
    const target = this.for && this.getRootNode().getElementById?.(this.for);
    if (!target) return;
    Object.assign(this.style, { position: "absolute", left: "0", top: "0" });
    const zero = this.getBoundingClientRect();
    const box = target.getBoundingClientRect();
    Object.assign(this.style, { left: `${box.right - zero.left - 9}px`, top: `${box.top - zero.top - 11}px` });
  }
}

define("crowd-card", CrowdCard);
define("crowd-alert", CrowdAlert);
define("crowd-toast", CrowdToast);
define("crowd-modal", CrowdModal);
define("crowd-badge", CrowdBadge);
