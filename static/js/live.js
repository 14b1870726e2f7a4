// The live feed: one socket that reconnects by itself and tells the page what arrives.
// Events: "state" {state, retryAt}, "hello" {market}, "items" {items, snapshot}, "fault" {message}.

const MUTE_AFTER = 25_000;
const CHECK_EVERY = 2_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
// From this many failures in a row on, the feed no longer calls itself reconnecting.
const OFFLINE_AFTER = 3;

export class LiveFeed extends EventTarget {
  #url;
  #symbols;
  #socket = null;
  #failures = 0;
  #lastFrame = 0;
  #retry = 0;
  #offset = 0;

  constructor({ path = "/ws", symbols = null, serverTime = Date.now() } = {}) {
    super();
    this.#url = new URL(path, location.href);
    this.#url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#symbols = symbols;
    this.#learnTime(serverTime);
  }

  start() {
    setInterval(() => this.#check(), CHECK_EVERY);
    addEventListener("online", () => this.#reconnectNow());
    addEventListener("offline", () => this.#drop());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#reconnectNow();
    });
    this.#connect();
  }

  /** The server's clock, as milliseconds: a wrong clock here must not make a price look young. */
  now() {
    return Date.now() + this.#offset;
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#lastFrame = Date.now();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", () => {
      if (socket === this.#socket) this.#lost();
    });
  }

  #receive(text) {
    this.#lastFrame = Date.now();
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      this.#emit("fault", { message: "The server sent something unreadable." });
      return;
    }
    LiveFeed.#frames[frame.type]?.call(this, frame);
  }

  static #frames = {
    connected(frame) {
      this.#learnTime(frame.server_time);
      this.#emit("hello", { market: frame.market });
      const wanted = { type: "subscribe", channel: "market_data" };
      this.#send(this.#symbols ? { ...wanted, symbols: this.#symbols } : wanted);
    },
    subscribed() {
      this.#failures = 0;
      this.#emit("state", { state: "live" });
    },
    market_update(frame) {
      if (frame.channel === "market_data") {
        this.#emit("items", { items: frame.data, snapshot: frame.snapshot === true });
      }
    },
    heartbeat(frame) {
      this.#learnTime(frame.timestamp);
    },
    ping() {
      this.#send({ type: "pong" });
    },
    error(frame) {
      this.#emit("fault", { message: frame.message });
    },
  };

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #learnTime(serverTime) {
    if (Number.isFinite(serverTime)) this.#offset = serverTime - Date.now();
  }

  // A connected socket can be mute, and a sleeping computer notices nothing: only frames count.
  #check() {
    if (this.#socket && Date.now() - this.#lastFrame > MUTE_AFTER) this.#drop();
  }

  #drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#lost();
    socket.close();
  }

  #lost() {
    this.#socket = null;
    this.#failures += 1;
    const ceiling = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    const wait = ceiling / 2 + Math.random() * (ceiling / 2);
    const offline = !navigator.onLine || this.#failures > OFFLINE_AFTER;
    this.#emit("state", {
      state: offline ? "offline" : "reconnecting",
      retryAt: Date.now() + wait,
    });
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #reconnectNow() {
    if (!this.#socket) this.#connect();
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
