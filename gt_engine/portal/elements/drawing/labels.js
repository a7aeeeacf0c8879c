// Colours and keys of labels: Ground Truth's first, then as many as are needed.
import { COLORS, KEYS } from "../theme.js";

export const UNKNOWN = "#9aa0a6"; // the colour of a label that the page does not list

/** The nth colour; beyond the palette, hues a golden angle apart, no two alike. @param {number} index @returns {string} "#rrggbb" */
export function color(index) {
  if (index < COLORS.length) return COLORS[index];
  const hue = (index * 137.508) % 360;
  const lightness = 0.4 + 0.05 * (index % 6);
  const channel = (/** @type {number} */ n) => {
    const k = (n + hue / 30) % 12;
    const value = lightness - 0.7 * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** The key that chooses the nth label, or "" beyond the nineteenth. @param {number} index */
export const keyOf = (index) => KEYS[index] ?? "";

/** @param {string} pressed @returns {number} -1: no label has this key */
export const indexOfKey = (pressed) => (pressed.length === 1 ? KEYS.indexOf(pressed.toLowerCase()) : -1);
