// The providers panel: asks for the health, and shows each provider with its own state and reason.

const EVERY = 10_000;
const EVERY_WITHOUT_PRICES = 5_000;
const PATIENCE = 8_000;

export class Providers extends EventTarget {
  states = [];

  constructor({ panel, hasPrices }) {
    super();
    this.list = panel.querySelector("[data-providers]");
    this.template = panel.querySelector("[data-provider-template]");
    this.online = panel.querySelector("[data-providers-online]");
    this.note = panel.querySelector("[data-health-note]");
    this.calm = this.note.textContent;
    this.hasPrices = hasPrices;
    this.states = [...this.list.querySelectorAll("[data-provider]")].map((row) => ({
      slug: row.dataset.provider,
      status: row.dataset.status,
      name: row.querySelector('[data-part="name"]').textContent,
      errorMessage: row.querySelector('[data-part="error"]').textContent || null,
    }));
  }

  nameOf = (slug) => this.states.find((state) => state.slug === slug)?.name ?? slug;

  async watch() {
    if (!document.hidden) await this.#ask();
    setTimeout(() => this.watch(), this.hasPrices() ? EVERY : EVERY_WITHOUT_PRICES);
  }

  async #ask() {
    try {
      const response = await fetch("/api/health", {
        headers: { Accept: "application/json" },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
      });
      // An unhealthy hub answers with an error status and the same body.
      const health = await response.json();
      if (!Array.isArray(health.providers)) throw new TypeError("no providers in the answer");
      this.#show(health);
    } catch {
      this.note.textContent = "The state of the providers cannot be read: this server does not answer.";
      this.note.classList.add("is-wrong");
    }
  }

  #show(health) {
    this.states = health.providers;
    this.note.textContent = this.calm;
    this.note.classList.remove("is-wrong");
    const online = this.states.filter((state) => state.status === "online").length;
    this.online.textContent = `${online} of ${this.states.length} online`;
    if (this.states.length) this.list.replaceChildren(...this.states.map((state) => this.#row(state)));
    this.dispatchEvent(new CustomEvent("health", { detail: health }));
  }

  #row(state) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part="${name}"]`);
    row.dataset.provider = state.slug;
    row.dataset.status = state.status;
    part("name").textContent = state.name;
    part("status").textContent = state.status;
    part("latency").textContent = state.latency === null ? "" : `${Math.round(state.latency)} ms`;
    part("error").textContent = state.errorMessage ?? "";
    if (state.lastCheck) row.title = `Last asked ${new Date(state.lastCheck).toUTCString()}`;
    return row;
  }
}
