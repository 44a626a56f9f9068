// The page: one stream of events in, one button out.
import { find, make, show } from "./dom.js";
import { duration } from "./format.js";
import { t, translate, turnLanguage, word } from "./language.js";
import { redraw, showHistory, showMarket } from "./market.js";
import { redrawPast, startPast } from "./past.js";
import {
  redrawProfit, showAlerts, showChances, showClosed, showEvents, showFallback, showInventory, showLatency, showProcesses, showProfit,
  showQueues, showResult, showRisk, showTrades,
} from "./panels.js";

const LOST_MS = 4000;
const sections = {
  market: showMarket, session: showSession, trades: showTrades, events: showEvents, queues: showQueues,
  fallback: showFallback, risk: showRisk, result: showResult, profit: showProfit, processes: showProcesses, latency: showLatency,
  closed: showClosed, opportunities: showChances, inventory: showInventory, alerts: showAlerts, kill: showKill, emergency: showEmergency,
};
const away = new Map();
const less = new Map(); // what is shown less often: how often
let session = null;
let killed = null;
let emergency = null;
let token = "";
let heardAt = Date.now();
let aheadMs = 0; // the server's clock before ours

function receive(name, message) {
  heardAt = Date.now();
  aheadMs = message.at_ms - heardAt;
  mark(name, message);
  if (message.data !== null) sections[name](message);
}

const every = (ms) => (ms < 60000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60000)} min`);
const keep = (map, name, value) => (value ? map.set(name, value) : map.delete(name));

function mark(name, { away: reason, less: isLess, every_ms: everyMs, data }) {
  keep(away, name, reason);
  keep(less, name, isLess && t("section.every", { name: t(`section.${name}`), every: every(everyMs) }));
  if (name === "market" && data) {
    keep(less, "charts", data.chart_every_ms > 1000 && t("section.charts", { every: every(data.chart_every_ms) }));
  }
  for (const panel of document.querySelectorAll(`[data-section="${name}"]`)) {
    panel.classList.toggle("away", Boolean(reason));
    panel.querySelector(":scope > .gone")?.remove();
    const text = reason ? t("away", { why: reason }) : isLess ? t("less", { every: every(everyMs) }) : "";
    if (text && panel.matches(".panel")) {
      panel.querySelector("h2").after(make("p", { class: reason ? "gone" : "gone less" }, text));
    }
  }
  banner();
}

function showSession({ data }) {
  if (session && session.mode !== data.mode) show("spoken", t("spoken.mode", { mode: word(data.mode), reason: data.mode_reason }));
  session = data;
  const kind = `environment.${data.environment}`;
  show("environment", data.group_name ? `${t(kind)} (${data.group_name})` : t(kind), `tag ${data.environment}`);
  document.title = `${data.environment} \u2013 ${t("title")}`;
  const mode = find("mode");
  mode.textContent = word(data.mode);
  mode.className = `pill ${data.mode}`;
  mode.title = data.mode_reason;
  banner();
}

function showKill({ data }) {
  if (data.engaged && !killed?.engaged) show("spoken", t("spoken.killed", { reason: data.engaged }));
  killed = data;
  find("killed").hidden = !data.text;
  show("killed", data.text ?? "");
  show("stop", t(data.busy ? "stop.busy" : data.engaged ? "stop.again" : "stop"));
  banner();
}

function showEmergency({ data }) {
  if (data.reason && !emergency?.reason) show("spoken", t("spoken.ending", { reason: data.reason }));
  emergency = data;
  banner();
}

function banner() {
  const line = find("banner");
  const halted = session && session.mode !== "normal";
  const missing = [...away.keys()].map((name) => t(`section.${name}`)).join(", ");
  const parts = [];
  if (killed?.engaged) parts.push(t("banner.killed", { reason: killed.engaged }));
  else if (halted) parts.push(t("banner.mode", { mode: word(session.mode), reason: session.mode_reason }));
  if (emergency?.reason) {
    parts.push(t("banner.ending", { names: emergency.waits_for.join("; ") || t("nothing") }));
  }
  if (missing) parts.push(t("banner.away", { names: missing }));
  if (less.size) parts.push(t("banner.less", { names: [...less.values()].join(", ") }));
  line.className = killed?.engaged || (halted && session.mode === "halted") ? "banner" : "banner warning";
  line.textContent = parts.join(". ");
  line.hidden = parts.length === 0;
}

function tick() {
  if (session) show("running", duration((Date.now() + aheadMs) / 1000 - session.started_at_ns / 1e9));
  const silent = Date.now() - heardAt;
  const link = find("link");
  link.className = silent > LOST_MS ? "link lost" : "link live";
  link.lastChild.textContent = silent > LOST_MS ? t("silent", { for: duration(silent / 1000) }) : t("live");
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
    else show("sure-complaint", t("sure.refused", { why: (await answer.text()).slice(0, 300) }));
  } catch {
    show("sure-complaint", t("sure.silent"));
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

translate();
document.title = t("title");
find("reason").value = t("reason.default");
find("language").addEventListener("click", turnLanguage);
find("theme").addEventListener("click", turn);
find("leave").addEventListener("click", async () => { await post("/logout", {}); location.assign("/login"); });
find("stop").addEventListener("click", () => { show("sure-complaint", ""); find("sure").showModal(); find("reason").select(); });
find("sure-no").addEventListener("click", () => find("sure").close());
find("sure-form").addEventListener("submit", stop);
addEventListener("resize", () => { redraw(); redrawPast(); redrawProfit(); });
startPast(redraw);
setInterval(tick, 1000);
enter();
