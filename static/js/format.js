// How values are spelled on the page; the first state comes from the server in the same spelling.

// Older than this, a price is marked as old; cryptodt/views.py holds the same number.
export const OLD_AFTER_SECONDS = 30;

export const UNKNOWN = "unknown";

const SCALES = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
];
const AGES = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Wrap an exact price into groups of three digits without adding a character to it. */
export function priceDigits(exact) {
  const [whole, fraction] = exact.split(".");
  const parts = whole.replace(/\B(?=(\d{3})+$)/g, " ").split(" ").map((group) => span("digits", group));
  if (fraction !== undefined) {
    // Below one, the digits after the point are the price, not its small change.
    parts.push(span(whole === "0" ? "fraction main" : "fraction", `.${fraction}`));
  }
  return parts;
}

export function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}

export function percent(change) {
  if (change === null) return UNKNOWN;
  const sign = { up: "+", down: "\u2212", flat: "" }[direction(change)];
  return `${sign}${Math.abs(change).toFixed(2)}%`;
}

/** Name the way a price went, as far as the two digits that are shown can tell. */
export function direction(change) {
  if (change === null) return UNKNOWN;
  const shown = Number(change.toFixed(2));
  if (shown > 0) return "up";
  return shown < 0 ? "down" : "flat";
}

export function compact(amount) {
  if (amount === null) return UNKNOWN;
  const [scale, letter] = SCALES.find(([size]) => amount >= size) ?? [];
  return scale ? `$${(amount / scale).toFixed(2)}${letter}` : `$${WHOLE.format(amount)}`;
}

export function ageText(seconds, isOld) {
  const [size, unit] = AGES.find(([length]) => seconds >= length) ?? [];
  if (!size) return isOld ? "0 s old" : "now";
  return `${Math.floor(seconds / size)} ${unit} ${isOld ? "old" : "ago"}`;
}
