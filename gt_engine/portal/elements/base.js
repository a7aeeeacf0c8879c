/** What elements are made of; import from here. */

export { CrowdElement, define, h, isTyping, loadImage } from "./element.js";
export { FullPageElement, SUBMIT_KEYS, dialogOf, keysStyles, keysTable } from "./full-page.js";
export { COLORS, KEYS, colorOf, css, inkOn } from "./theme.js";
