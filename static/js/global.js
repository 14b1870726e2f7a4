// The whole market: asks for totals, movers, trends and DeFi once a minute, and lets them age.

import { UNKNOWN, ageText, compact, direction, percent } from "./format.js";

const EVERY = 60_000;
// After a start the providers answer one after the other, within seconds or not at all.
const EVERY_AT_FIRST = 5_000;
const AT_FIRST = 120_000;
const PATIENCE = 8_000;
const LINES = 5;
const OVERVIEW = "/api/market/overview";
const DEFI = `/api/defi?limit=${LINES}`;
const WHOLE = new Intl.NumberFormat("en-US");
const NO_ANSWER = "No provider has answered yet.";

const moverLine = (item) => ({
  head: item.symbol,
  note: item.name,
  value: `$${item.priceExact}`,
  change: item.changePercent24h,
});
const trendLine = (item) => ({
  head: item.symbol,
  note: item.name,
  value: item.rank === null ? "" : `rank ${item.rank}`,
});
const protocolLine = (item) => ({
  head: item.name,
  note: item.category,
  value: compact(item.tvl),
  change: item.change1d,
});

/** The answer, null where there is nothing to tell yet; throws when the server does not answer. */
async function ask(url) {
  const response = await fetch(url, {
    headers: { Accept: "application/json" },
    // Unchanged figures come back as a 304 without a body.
    cache: "no-cache",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  if (answer.error?.code === "PROVIDER_ERROR") return null;
  throw new Error(answer.error?.message ?? "no answer");
}

export class GlobalMarket {
  // For each panel: whose word it shows, when that was given, and whether it is stale.
  #ages = new Map();
  #names = new Map();

  constructor({ now, nameOf }) {
    this.now = now;
    // What the server drew names those as well who were not asked since it started.
    for (const { dataset } of document.querySelectorAll("[data-standing]")) {
      if (dataset.source) this.#names.set(dataset.source, dataset.name);
    }
    this.nameOf = (slug) => this.#names.get(slug) ?? nameOf(slug);
    this.strip = document.querySelector("[data-global]");
    this.template = document.querySelector("[data-card-line-template]");
  }

  async watch() {
    if (!document.hidden) await this.#refresh();
    // Trends stand in the same answer as the totals, and DeFi in the other.
    const isMissing = ![this.strip, this.#card("trending"), this.#card("defi")].every((one) => this.#ages.has(one));
    setTimeout(() => this.watch(), isMissing && performance.now() < AT_FIRST ? EVERY_AT_FIRST : EVERY);
  }

  /** Let the figures grow older by the server's clock. */
  tick() {
    for (const [panel, { source, observed, stale }] of this.#ages) {
      const age = Math.max(0, Math.floor((this.now() - observed) / 1000));
      panel.querySelector("[data-standing]").textContent = `${this.nameOf(source)} · ${ageText(age, stale)}`;
      panel.classList.toggle("is-stale", stale);
    }
  }

  async #refresh() {
    const [whole, defi] = await Promise.allSettled([ask(OVERVIEW), ask(DEFI)]);
    this.strip.classList.toggle("is-wrong", whole.status === "rejected");
    if (whole.status === "rejected") this.#complain();
    else if (whole.value !== null) this.#showWhole(whole.value.data);
    if (defi.status === "fulfilled" && defi.value !== null) {
      this.#showCard("defi", defi.value.data.map(protocolLine), NO_ANSWER);
      this.#age(this.#card("defi"), defi.value);
    }
    this.tick();
  }

  #complain() {
    this.#ages.delete(this.strip);
    this.strip.querySelector("[data-standing]").textContent = "Not renewed: this server does not answer.";
  }

  #showWhole(data) {
    this.strip.dataset.state = "filled";
    this.#part("cap").textContent = compact(data.totalMarketCap);
    this.#part("change").textContent = percent(data.marketCapChange24h);
    this.#part("change").className = `change ${direction(data.marketCapChange24h)}`;
    this.#part("volume").textContent = compact(data.totalVolume24h);
    this.#part("active").textContent = data.activeCoins === null ? UNKNOWN : WHOLE.format(data.activeCoins);
    this.#showShares(data.btcDominance, data.ethDominance);
    this.#age(this.strip, data);
    const nothing = (what) => (data.moversOf ? `No tracked asset ${what}.` : "No fresh price to compare.");
    this.#showCard("gainers", data.topGainers.map(moverLine), nothing("rose"));
    this.#showCard("losers", data.topLosers.map(moverLine), nothing("fell"));
    this.#showCard("trending", data.trending.slice(0, LINES).map(trendLine), NO_ANSWER);
    if (data.trendingAsOf) this.#age(this.#card("trending"), data.trendingAsOf);
  }

  #showShares(btc, eth) {
    const spelled = (share) => (share === null ? UNKNOWN : `${share.toFixed(1)}%`);
    this.#part("btc").textContent = spelled(btc);
    this.#part("eth").textContent = spelled(eth);
    this.#part("btc-bar").setAttribute("width", btc ?? 0);
    this.#part("eth-bar").setAttribute("x", btc ?? 0);
    this.#part("eth-bar").setAttribute("width", eth ?? 0);
  }

  #showCard(key, lines, empty) {
    const card = this.#card(key);
    card.querySelector("[data-card-lines]").replaceChildren(...lines.map((line) => this.#line(line)));
    const note = card.querySelector("[data-card-empty]");
    note.textContent = empty;
    note.hidden = lines.length > 0;
  }

  #line({ head, note, value, change }) {
    const line = this.template.content.firstElementChild.cloneNode(true);
    const part = (name) => line.querySelector(`[data-part="${name}"]`);
    part("head").textContent = head;
    part("note").textContent = note;
    part("value").textContent = value;
    if (change !== undefined) {
      part("change").textContent = percent(change);
      part("change").className = `change ${direction(change)}`;
    }
    return line;
  }

  #age(panel, { source, lastUpdate, stale }) {
    this.#ages.set(panel, { source, observed: Date.parse(lastUpdate), stale });
  }

  #part(name) {
    return this.strip.querySelector(`[data-global-part="${name}"]`);
  }

  #card(key) {
    return document.querySelector(`[data-card="${key}"]`);
  }
}
