// The live feed: one socket that reconnects by itself, goes on where it was, and tells the page.
// Events: "state" {state, retryAt}, "hello" {market}, "items" {items, snapshot}, "fault" {message}.

const MUTE_AFTER = 25_000;
const CHECK_EVERY = 2_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
// From this many failures in a row on, the feed no longer calls itself reconnecting.
const OFFLINE_AFTER = 3;
const PROTOCOL = "cryptodt.v1";
// Closed with a code from here on, there is no point in coming back unchanged.
const FINAL_FROM = 4500;
const WRONG_KEY = 1008;

export class LiveFeed extends EventTarget {
  #url;
  #topic;
  // Where this page is in the topic; null until a snapshot came.
  #place = null;
  // A snapshot, or what was missed, is on its way.
  #isAwaiting = false;
  #shutdownWait = null;
  #isOver = false;
  #socket = null;
  #failures = 0;
  #lastFrame = 0;
  #muteAfter = MUTE_AFTER;
  #retry = 0;
  #offset = 0;

  constructor({ path = "/ws", topic = "prices", serverTime = Date.now() } = {}) {
    super();
    this.#url = new URL(path, location.href);
    this.#url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#topic = topic;
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
    const socket = new WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (socket !== this.#socket) return;
      if (code === WRONG_KEY || code >= FINAL_FROM) this.#end(reason);
      else this.#lost();
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
    welcome(frame) {
      this.#learnTime(frame.server_time);
      this.#muteAfter = Math.max(MUTE_AFTER, 2_500 * frame.heartbeat);
      this.#emit("hello", { market: frame.market });
      this.#subscribe();
    },
    subscribed() {
      this.#failures = 0;
      this.#emit("state", { state: "live" });
    },
    snapshot(frame) {
      this.#isAwaiting = false;
      this.#place = { epoch: frame.epoch, offset: frame.offset };
      this.#emit("items", { items: frame.data, snapshot: true });
    },
    update(frame) {
      if (!this.#place || frame.offset <= this.#place.offset) return;
      const expected = this.#place.offset + 1 + (frame.skipped ?? 0);
      if (frame.offset !== expected) {
        // Something is missing in between: go back to where this page was.
        this.#askAgain();
        return;
      }
      this.#place.offset = frame.offset;
      this.#emit("state", { state: "live" });
      this.#emit("items", { items: frame.data, snapshot: false });
    },
    recovered() {
      this.#isAwaiting = false;
    },
    snapshot_required() {
      this.#isAwaiting = true;
      this.#place = null;
    },
    stale() {
      this.#emit("state", { state: "quiet" });
    },
    heartbeat(frame) {
      this.#learnTime(frame.timestamp);
      // What was sent and did not arrive is asked for again, and what was refused.
      if (!this.#place || frame.offsets[this.#topic] > this.#place.offset) this.#askAgain();
    },
    shutdown(frame) {
      this.#shutdownWait = frame.reconnect_in_ms;
    },
    error(frame) {
      this.#isAwaiting = false;
      this.#emit("fault", { message: frame.message });
    },
  };

  /** Ask once, however many messages show the same gap until the answer comes. */
  #askAgain() {
    if (!this.#isAwaiting) this.#subscribe();
  }

  #subscribe() {
    this.#isAwaiting = true;
    const wanted = { type: "subscribe", topic: this.#topic };
    this.#send(this.#place ? { ...wanted, from: this.#place } : wanted);
  }

  #send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #learnTime(serverTime) {
    if (Number.isFinite(serverTime)) this.#offset = serverTime - Date.now();
  }

  // A connected socket can be mute, and a sleeping computer notices nothing: only frames count.
  #check() {
    if (this.#socket && Date.now() - this.#lastFrame > this.#muteAfter) this.#drop();
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
    const wait = this.#shutdownWait ?? ceiling / 2 + Math.random() * (ceiling / 2);
    this.#shutdownWait = null;
    const offline = !navigator.onLine || this.#failures > OFFLINE_AFTER;
    this.#emit("state", {
      state: offline ? "offline" : "reconnecting",
      retryAt: Date.now() + wait,
    });
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  // Nothing would be different the next time.
  #end(reason) {
    this.#socket = null;
    this.#isOver = true;
    this.#emit("state", { state: "offline" });
    this.#emit("fault", { message: `The server closed the live feed: ${reason}` });
  }

  #reconnectNow() {
    if (!this.#socket && !this.#isOver) this.#connect();
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
