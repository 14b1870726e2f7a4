// The movers panel: the assets that rose and fell most, out of what the table shows anyway.

import { direction, percent, span } from "./format.js";

const EACH_WAY = 3;

export function showMovers(board) {
  const moved = board.records.filter((record) => record.exact !== null && record.change !== null);
  const ordered = moved.sort((a, b) => b.change - a.change);
  const rising = ordered.filter((record) => direction(record.change) === "up").slice(0, EACH_WAY);
  const falling = ordered.filter((record) => direction(record.change) === "down").slice(-EACH_WAY);
  const shown = [...rising, ...falling];
  const largest = Math.max(...shown.map((record) => Math.abs(record.change)));
  const panel = document.querySelector("[data-movers]");
  panel.hidden = shown.length === 0;
  const lines = shown.map((record) => lineOf(record, largest));
  panel.querySelector("[data-mover-list]").replaceChildren(...lines);
}

function lineOf(record, largest) {
  const line = document.createElement("li");
  const way = direction(record.change);
  const bar = span(`mover-bar ${way}`, "");
  // The bars compare the movers with each other, so the largest one fills its place.
  bar.style.width = `${(Math.abs(record.change) / largest) * 100}%`;
  const track = span("mover-track", "");
  track.append(bar);
  line.className = "mover";
  line.append(span("mover-symbol", record.symbol), track, span(`change ${way}`, percent(record.change)));
  return line;
}
