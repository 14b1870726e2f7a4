// The market table: keeps one record per asset and draws, sorts, filters and ages the rows.

import { OLD_AFTER_SECONDS, ageText, compact, direction, percent, priceDigits, span } from "./format.js";

const numberOf = (text) => (text === "" || text === undefined ? null : Number(text));

/** Read back what the server drew, so that sorting and ages work before the first frame. */
function recordOf(row) {
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  const exact = row.querySelector("[data-price]").textContent;
  return {
    row,
    symbol: row.dataset.row,
    name: cell("name").textContent,
    place: Number(row.dataset.place),
    rank: numberOf(cell("rank").textContent),
    exact: exact || null,
    change: numberOf(cell("change").dataset.value),
    volume: numberOf(cell("volume").dataset.value),
    cap: numberOf(cell("cap").dataset.value),
    sources: cell("sources").dataset.sources.split("+").filter(Boolean),
    updated: Date.parse(cell("age").dateTime) || null,
    stale: row.classList.contains("is-old"),
  };
}

const SORT_KEYS = {
  rank: (record) => record.rank,
  symbol: (record) => record.symbol,
  price: (record) => (record.exact === null ? null : Number(record.exact)),
  change: (record) => record.change,
  volume: (record) => record.volume,
  cap: (record) => record.cap,
  sources: (record) => record.sources.length || null,
  age: (record) => (record.updated === null ? null : -record.updated),
};

export class Board {
  #records = new Map();
  #sort = { key: "rank", order: "ascending" };
  #query = "";

  constructor({ table, template, now, nameOf }) {
    this.table = table;
    this.body = table.tBodies[0];
    this.template = template;
    this.now = now;
    this.nameOf = nameOf;
    for (const row of this.body.rows) this.#records.set(row.dataset.row, recordOf(row));
  }

  get records() {
    return [...this.#records.values()];
  }

  get hasPrices() {
    return this.records.some((record) => record.exact !== null);
  }

  /** Whether at least one price is young; the assets need not all trade every second. */
  get isFresh() {
    return this.records.some((record) => record.exact !== null && !this.isOld(record));
  }

  isOld(record) {
    return record.exact !== null && (record.stale || this.ageOf(record) > OLD_AFTER_SECONDS);
  }

  take(items) {
    for (const item of items) this.#takeOne(item);
    this.tick();
  }

  #takeOne(item) {
    const record = this.#records.get(item.symbol) ?? this.#add(item);
    const before = record.exact;
    Object.assign(record, {
      name: item.name,
      rank: item.rank,
      exact: item.priceExact,
      change: item.change24h,
      volume: item.volume24h,
      cap: item.marketCap,
      sources: item.source.split("+").filter(Boolean),
      belowQuorum: item.belowQuorum,
      spread: item.spreadPercent,
      updated: Date.parse(item.lastUpdate) || null,
      stale: item.stale,
    });
    this.#draw(record);
    if (before !== null && before !== record.exact) this.#flash(record, before);
  }

  #add(item) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.row = item.symbol;
    row.dataset.place = this.#records.size + 1;
    row.querySelector("[data-price]").dataset.price = item.symbol;
    row.querySelector('[data-cell="symbol"]').textContent = item.symbol;
    this.body.append(row);
    const record = recordOf(row);
    this.#records.set(item.symbol, record);
    return record;
  }

  #draw(record) {
    const cell = (name) => record.row.querySelector(`[data-cell="${name}"]`);
    record.row.classList.toggle("is-unpriced", record.exact === null);
    record.row.querySelector("[data-price]").replaceChildren(...(record.exact ? priceDigits(record.exact) : []));
    cell("rank").textContent = record.rank ?? "";
    cell("name").textContent = record.name;
    cell("change").textContent = percent(record.change);
    cell("change").className = `change ${direction(record.change)}`;
    showAmount(cell("volume"), record.volume);
    showAmount(cell("cap"), record.cap);
    cell("age").dateTime = record.updated === null ? "" : new Date(record.updated).toISOString();
    this.#drawSources(cell("sources"), record);
  }

  #drawSources(cell, record) {
    const parts = record.sources.map((slug) => span("source", this.nameOf(slug)));
    if (record.belowQuorum) {
      const mark = span("below-quorum", "not confirmed");
      mark.title = "Fewer providers than required agree on this price.";
      parts.push(mark);
    }
    cell.replaceChildren(...parts);
    const names = record.sources.map((slug) => this.nameOf(slug)).join(", ");
    const differ = record.spread == null ? "" : `, which differ by ${record.spread}%`;
    cell.title = names && `${record.sources.length}: ${names}${differ}`;
  }

  #flash(record, before) {
    const amount = record.row.querySelector("[data-amount]");
    amount.classList.remove("went-up", "went-down");
    // Reading the layout makes the browser start the animation anew.
    void amount.offsetWidth;
    amount.classList.add(Number(record.exact) > Number(before) ? "went-up" : "went-down");
  }

  /** Let every price grow older by the server's clock. */
  tick() {
    for (const record of this.#records.values()) {
      if (record.updated === null) continue;
      const isOld = this.isOld(record);
      record.row.classList.toggle("is-old", isOld);
      record.row.querySelector('[data-cell="age"]').textContent = ageText(this.ageOf(record), isOld);
    }
  }

  ageOf(record) {
    return Math.max(0, Math.floor((this.now() - record.updated) / 1000));
  }

  get sort() {
    return this.#sort;
  }

  sortBy(key, order) {
    this.#sort = { key, order };
    this.arrange();
  }

  filterBy(query) {
    this.#query = query.trim().toLowerCase();
    return this.arrange();
  }

  /** Put the rows in order and hide those that do not match; return how many are shown. */
  arrange() {
    const { key, order } = this.#sort;
    const value = SORT_KEYS[key];
    const sign = order === "ascending" ? 1 : -1;
    const ordered = this.records.sort((a, b) => compare(value(a), value(b), sign) || a.place - b.place);
    let shown = 0;
    ordered.forEach((record, index) => {
      const matches = `${record.symbol} ${record.name}`.toLowerCase().includes(this.#query);
      record.row.hidden = !matches;
      shown += matches;
      // Moving only what is out of place keeps the focus and the running flashes.
      if (this.body.rows[index] !== record.row) this.body.insertBefore(record.row, this.body.rows[index]);
    });
    return shown;
  }
}

function showAmount(element, amount) {
  element.textContent = compact(amount);
  element.classList.toggle("unknown", amount === null);
}

/** What is unknown comes last in both directions. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  return sign * (typeof a === "string" ? a.localeCompare(b) : a - b);
}
