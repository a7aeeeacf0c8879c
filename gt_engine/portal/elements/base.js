/** What elements are made of; import from here. */

export { CrowdElement, define, h, isTyping, loadImage } from "./element.js";
export { FullPageElement } from "./full-page.js";
export { COLORS, KEYS, colorOf, css, inkOn } from "./theme.js";
