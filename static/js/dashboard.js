// The dashboard: joins the live feed, the table, the summary and the providers.

import { Board } from "./board.js";
import { GlobalMarket } from "./global.js";
import { showTime } from "./header.js";
import { LiveFeed } from "./live.js";
import { Providers } from "./providers.js";
import { showSummary } from "./summary.js";

// How long "on its way" is believed before the page says that nothing came.
const LOADING_AT_MOST = 10_000;
const REARRANGE_EVERY = 3_000;
const RELOAD_AT_MOST_EVERY = 60_000;

const FEED_TEXTS = {
  connecting: "Connecting",
  live: "Live",
  quiet: "No fresh price",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

const find = (selector) => document.querySelector(selector);
const page = document.body;
const feed = new LiveFeed({ serverTime: Number(page.dataset.serverTime) });
const providers = new Providers({ panel: find(".providers"), hasPrices: () => board.hasPrices });
const board = new Board({
  table: find("[data-board]"),
  template: find("[data-row-template]"),
  now: () => feed.now(),
  nameOf: providers.nameOf,
});
const globalMarket = new GlobalMarket({ now: () => feed.now(), nameOf: providers.nameOf });
const startedAt = Date.now();
let feedState = "connecting";
let retryAt = 0;

function showFeed() {
  // A socket that works is not called live while it brings nothing new.
  const shown = feedState === "live" && !board.isFresh ? "quiet" : feedState;
  const mark = find("[data-feed]");
  if (mark.dataset.feed !== shown) {
    mark.dataset.feed = shown;
    find("[data-feed-text]").textContent = FEED_TEXTS[shown];
  }
  showRetry();
}

// Beside the status and not in it: a screen reader should not count down.
function showRetry() {
  const seconds = Math.ceil((retryAt - Date.now()) / 1000);
  find("[data-feed-detail]").textContent = seconds > 1 ? `next try in ${seconds} s` : "";
}

/** Loading, empty or filled: and if empty, say why, provider by provider. */
function showPhase() {
  const someUnknown = providers.states.some((state) => state.status === "unknown");
  const waiting = someUnknown && Date.now() - startedAt < LOADING_AT_MOST;
  page.dataset.phase = board.hasPrices ? "filled" : waiting ? "loading" : "empty";
  find("[data-empty]").hidden = board.hasPrices;
  if (!board.hasPrices) showReasons(waiting);
}

function showReasons(waiting) {
  const failing = providers.states.filter((state) => state.status !== "online");
  const someAnswer = failing.length < providers.states.length;
  find("[data-empty-title]").textContent = waiting ? "Asking the providers" : "No price yet";
  find("[data-empty-text]").textContent = waiting
    ? "The first prices are on their way."
    : someAnswer
      ? "Providers answer, and the first prices are being agreed on."
      : "No provider has answered so far, so there is no price to show. The hub keeps trying.";
  const reasons = waiting ? [] : failing.map((state) => {
    const line = document.createElement("li");
    const name = document.createElement("strong");
    name.textContent = state.name;
    line.append(name, ` ${state.errorMessage ?? "has not been asked yet"}`);
    return line;
  });
  const list = find("[data-empty-reasons]");
  const isSame = list.textContent === reasons.map((line) => line.textContent).join("");
  if (!isSame) list.replaceChildren(...reasons);
}

function showCount(shown) {
  const all = board.records.length;
  find("[data-shown-count]").textContent = shown === all ? `${all} assets` : `${shown} of ${all} assets`;
  find("[data-nothing-found]").hidden = shown > 0 || all === 0;
}

/** A server that was restarted in the other market must not be shown under the wrong banner. */
function checkMarket(market) {
  const last = Number(sessionStorage.getItem("cryptodt-reloaded") ?? 0);
  if (!market || market === page.dataset.market || Date.now() - last < RELOAD_AT_MOST_EVERY) return;
  sessionStorage.setItem("cryptodt-reloaded", Date.now());
  location.reload();
}

function sortBy(key, order) {
  board.sortBy(key, order);
  for (const head of document.querySelectorAll("[data-sort]")) {
    if (head.dataset.sort === key) head.setAttribute("aria-sort", order);
    else head.removeAttribute("aria-sort");
  }
}

function makeSortable() {
  const descendingFirst = new Set(["price", "change", "volume", "cap", "sources", "age"]);
  for (const head of document.querySelectorAll("[data-sort]")) {
    const key = head.dataset.sort;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const { key: current, order } = board.sort;
      const first = descendingFirst.has(key) ? "descending" : "ascending";
      const opposite = order === "ascending" ? "descending" : "ascending";
      sortBy(key, key === current ? opposite : first);
    });
    head.replaceChildren(button);
  }
  const choice = find("[data-sort-choice]");
  choice.hidden = false;
  choice.addEventListener("change", () => sortBy(...choice.value.split(":")));
}

function makeFilterable() {
  const filter = find("[data-filter]");
  filter.hidden = false;
  filter.addEventListener("input", () => showCount(board.filterBy(filter.value)));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      filter.focus();
    }
  });
}

function tick() {
  showTime(feed.now());
  board.tick();
  globalMarket.tick();
  showSummary(board);
  showPhase();
  showFeed();
}

feed.addEventListener("state", ({ detail }) => {
  feedState = detail.state;
  retryAt = detail.retryAt ?? 0;
  showFeed();
});
feed.addEventListener("hello", ({ detail }) => checkMarket(detail.market));
feed.addEventListener("fault", ({ detail }) => console.warn(detail.message));
feed.addEventListener("items", ({ detail }) => {
  board.take(detail.items);
  if (detail.snapshot) {
    showCount(board.arrange());
  }
  showSummary(board);
  showPhase();
  showFeed();
});
providers.addEventListener("health", ({ detail }) => {
  checkMarket(detail.market);
  showPhase();
});

makeSortable();
makeFilterable();
tick();
setInterval(tick, 1_000);
// Rows do not jump away from under a pointer that is about to click.
setInterval(() => {
  if (!board.body.matches(":hover")) board.arrange();
}, REARRANGE_EVERY);
feed.start();
providers.watch();
globalMarket.watch();
