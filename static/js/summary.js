// The tiles above the table: sums over the assets that have a value, and over how many that is.

import { OLD_AFTER_SECONDS, ageText, compact, direction } from "./format.js";

const part = (name) => document.querySelector(`[data-sum="${name}"]`);
const note = (name) => document.querySelector(`[data-sum-note="${name}"]`);

export function showSummary(board) {
  const records = board.records;
  showTotal("cap", records);
  showTotal("volume", records);
  showBreadth(records);
  showOldest(board, records);
}

function showTotal(key, records) {
  const known = records.map((record) => record[key]).filter((value) => value !== null);
  const sum = known.reduce((total, value) => total + value, 0);
  part(key).textContent = compact(known.length ? sum : null);
  part(key).classList.toggle("is-unknown", known.length === 0);
  note(key).textContent = `${known.length} of ${records.length} assets`;
}

function showBreadth(records) {
  const up = records.filter((record) => direction(record.change) === "up").length;
  const down = records.filter((record) => direction(record.change) === "down").length;
  const isKnown = records.some((record) => record.change !== null);
  const bar = document.querySelector("[data-breadth]");
  part("up").textContent = `${up} up`;
  part("down").textContent = `${down} down`;
  part("up").hidden = part("down").hidden = !isKnown;
  part("unmoved").hidden = isKnown;
  bar.setAttribute("viewBox", `0 0 ${up + down} 1`);
  bar.firstElementChild.setAttribute("width", up);
}

function showOldest(board, records) {
  const priced = records.filter((record) => record.exact !== null);
  const oldest = Math.max(...priced.map((record) => board.ageOf(record)));
  const isOld = oldest > OLD_AFTER_SECONDS;
  part("oldest").textContent = priced.length ? ageText(oldest, isOld) : "none yet";
  part("oldest").classList.toggle("is-old", priced.length > 0 && isOld);
  part("oldest").classList.toggle("is-unknown", priced.length === 0);
  note("priced").textContent = `${priced.length} of ${records.length} assets priced`;
}
