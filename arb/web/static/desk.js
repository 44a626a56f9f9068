// The page: one stream of events in, one button out.
import { find, make, show } from "./dom.js";
import { duration, words } from "./format.js";
import { redraw, showHistory, showMarket } from "./market.js";
import {
  redrawProfit, showAlerts, showEvents, showFallback, showProcesses, showProfit, showQueues, showResult, showRisk,
  showTrades,
} from "./panels.js";

const LOST_MS = 4000;
const sections = {
  market: showMarket, session: showSession, trades: showTrades, events: showEvents, queues: showQueues,
  fallback: showFallback, risk: showRisk, result: showResult, profit: showProfit, processes: showProcesses,
  alerts: showAlerts, kill: showKill, emergency: showEmergency,
};
const away = new Map();
let session = null;
let killed = null;
let emergency = null;
let token = "";
let heardAt = Date.now();
let aheadMs = 0; // the server's clock before ours

function receive(name, message) {
  heardAt = Date.now();
  aheadMs = message.at_ms - heardAt;
  mark(name, message.away);
  if (message.data !== null) sections[name](message);
}

function mark(name, reason) {
  if (reason) away.set(name, reason);
  else away.delete(name);
  for (const panel of document.querySelectorAll(`[data-section="${name}"]`)) {
    panel.classList.toggle("away", Boolean(reason));
    panel.querySelector(":scope > .gone")?.remove();
    if (reason && panel.matches(".panel")) {
      panel.querySelector("h2").after(make("p", { class: "gone" }, `Not readable now: ${reason}`));
    }
  }
  banner();
}

function showSession({ data }) {
  if (session && session.mode !== data.mode) show("spoken", `Trading is ${words(data.mode)}: ${data.mode_reason}`);
  session = data;
  show("environment", data.environment);
  const mode = find("mode");
  mode.textContent = data.mode;
  mode.className = `pill ${data.mode}`;
  mode.title = data.mode_reason;
  banner();
}

function showKill({ data }) {
  if (data.engaged && !killed?.engaged) show("spoken", `Trading is stopped: ${data.engaged}`);
  killed = data;
  find("killed").hidden = !data.text;
  show("killed", data.text ?? "");
  show("stop", data.busy ? "Coming to rest\u2026" : data.engaged ? "Stopped: stop again\u2026" : "Stop trading\u2026");
  banner();
}

function showEmergency({ data }) {
  if (data.reason && !emergency?.reason) show("spoken", `The stack stops: ${data.reason}`);
  emergency = data;
  banner();
}

function banner() {
  const line = find("banner");
  const halted = session && session.mode !== "normal";
  const missing = [...away.keys()].join(", ");
  const parts = [];
  if (killed?.engaged) parts.push(`Killed: ${killed.engaged}. \`arb unkill\` in a terminal lets trading go on`);
  else if (halted) parts.push(`Trading is ${session.mode}: ${session.mode_reason}`);
  if (emergency?.reason) {
    const out = emergency.waits_for.join("; ") || "nothing";
    parts.push(`The stack ends by itself once nothing is out. It waits for ${out}`);
  }
  if (missing) parts.push(`Not readable now: ${missing}`);
  line.className = killed?.engaged || (halted && session.mode === "halted") ? "banner" : "banner warning";
  line.textContent = parts.join(". ");
  line.hidden = parts.length === 0;
}

function tick() {
  if (session) show("running", duration((Date.now() + aheadMs) / 1000 - session.started_at_ns / 1e9));
  const silent = Date.now() - heardAt;
  const link = find("link");
  link.className = silent > LOST_MS ? "link lost" : "link live";
  link.lastChild.textContent = silent > LOST_MS ? `no data for ${duration(silent / 1000)}` : "live";
}

function listen() {
  const stream = new EventSource("/api/stream");
  stream.addEventListener("history", (message) => showHistory(JSON.parse(message.data)));
  for (const name of Object.keys(sections)) {
    stream.addEventListener(name, (message) => receive(name, JSON.parse(message.data)));
  }
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
    setTimeout(enter, 3000);
  });
}

async function enter() {
  try {
    const answer = await fetch("/api/session");
    if (answer.status === 401) { location.assign("/login"); return; }
    const found = await answer.json();
    token = found.token;
    find("leave").hidden = !found.authentication;
    listen();
  } catch {
    setTimeout(enter, 3000);
  }
}

const post = (path, body) => fetch(path, {
  method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": token }, body: JSON.stringify(body),
});

async function stop(event) {
  event.preventDefault();
  find("sure-yes").disabled = true;
  show("sure-complaint", "");
  try {
    const answer = await post("/api/kill", { reason: find("reason").value });
    if (answer.ok) find("sure").close();
    else show("sure-complaint", `Not stopped: ${(await answer.text()).slice(0, 300)}`);
  } catch {
    show("sure-complaint", "Not stopped: the server does not answer. Use `arb kill` in a terminal.");
  }
  find("sure-yes").disabled = false;
}

function turn() {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const next = dark ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("arb-theme", next);
}

find("theme").addEventListener("click", turn);
find("leave").addEventListener("click", async () => { await post("/logout", {}); location.assign("/login"); });
find("stop").addEventListener("click", () => { show("sure-complaint", ""); find("sure").showModal(); find("reason").select(); });
find("sure-no").addEventListener("click", () => find("sure").close());
find("sure-form").addEventListener("submit", stop);
addEventListener("resize", () => { redraw(); redrawProfit(); });
setInterval(tick, 1000);
enter();
