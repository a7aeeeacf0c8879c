/** crowd-button, crowd-icon-button and crowd-fab: what a template lets a worker press. */

import { CrowdElement, css, define, h } from "./base.js";
import { icon } from "./icons.js";

const styles = css`
  :host { display: inline-block; vertical-align: middle; }
  :host([disabled]) { pointer-events: none; }
  .button { width: 100%; }
  .spinner { width: 1em; height: 1em; border: 2px solid currentColor; border-right-color: transparent; border-radius: 50%; animation: turn .8s linear infinite; }
  @keyframes turn { to { rotate: 360deg; } }
  @media (prefers-reduced-motion: reduce) { .spinner { animation-duration: 3s; } }
`;

class Pressable extends CrowdElement {
  static formAssociated = false;
  static attributes = { ...super.attributes, disabled: "boolean", icon: "string" };
  static styles = [styles];

  focus(options) {
    this.shadowRoot.querySelector("button, a")?.focus(options);
  }
}

class CrowdButton extends Pressable {
  static attributes = {
    ...super.attributes, "form-action": "string", href: "string", target: "string", "icon-align": "string", "icon-url": "string",
    loading: "boolean", variant: "string",
  };

  render(root) {
    const kind = { primary: "primary", link: "link", icon: "icon" }[this.variant] ?? (this.formAction === "submit" && !this.variant ? "primary" : "");
    const isOff = this.disabled || this.loading;
    const mark = this.loading ? h("span", { class: "spinner", "aria-hidden": "true" }) : icon(this.iconUrl || this.icon);
    const words = h("slot");
    const content = this.iconAlign === "right" ? [words, mark] : [mark, words];
    const press = this.href && !isOff
      ? h("a", { class: `button ${kind}`, part: "button", href: this.href, target: this.target || null, rel: "noopener" }, content)
      : h("button", { class: `button ${kind}`, part: "button", type: "button", disabled: isOff, "aria-busy": this.loading ? "true" : null }, content);
    if (this.variant === "icon" && this.title) press.setAttribute("aria-label", this.title);
    // After the template's own listeners, which may stop it.
    press.addEventListener("click", (event) => setTimeout(() => event.defaultPrevented || this.#act()));
    root.append(press);
  }

  #act() {
    const form = this.closest("crowd-form");
    if (this.formAction === "submit") form?.requestSubmit();
    else if (this.formAction === "reset") form?.reset();
  }
}

class CrowdIconButton extends Pressable {
  render(root) {
    const mark = icon(this.icon);
    root.append(h("button", { type: "button", class: "button icon", part: "button", disabled: this.disabled, "aria-label": this.title || this.icon.split(":").at(-1) || "Button" },
      mark ?? this.icon), h("slot"));
  }
}

class CrowdFab extends Pressable {
  static attributes = { ...super.attributes, label: "string" };
  static styles = [...super.styles, css`
    .button { width: 3.5rem; height: 3.5rem; border-radius: 50%; box-shadow: var(--crowd-shadow); font-size: 1.25rem; }
  `];

  render(root) {
    root.append(h("button", { type: "button", class: "button primary icon", part: "button", disabled: this.disabled, "aria-label": this.title || this.label || this.icon.split(":").at(-1) || "Button" },
      icon(this.icon) ?? this.label.slice(0, 1)), h("slot"));
  }
}

define("crowd-button", CrowdButton);
define("crowd-icon-button", CrowdIconButton);
define("crowd-fab", CrowdFab);
