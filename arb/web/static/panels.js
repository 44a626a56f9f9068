// Everything but the market: result, trades, profit, risk, processes, alerts, events.
import { draw } from "./charts.js";
import { empty, find, make, row, show } from "./dom.js";
import { age, amount, bytes, duration, quantity, signed, time, tone, words } from "./format.js";

const HEARTBEAT_LATE_MS = 5000;
const NS = 1000000;
const working = new Set(["intent", "submitted", "unknown", "accepted", "partially_filled"]);

export function showResult({ data }) {
  show("pnl-krw", signed(data.pnl_krw), tone(data.pnl_krw));
  show("pnl-usdt", signed(data.pnl_usdt, 2), tone(data.pnl_usdt));
  show("realised", signed(data.realised_krw), tone(data.realised_krw));
  show("closed-count", amount(data.trades_closed));
  show("opened-count", `of ${amount(data.trades_opened)}${handed(data)}`);
  const live = Object.entries(data.orders_by_state).filter(([state]) => working.has(state));
  show("orders-count", amount(data.orders));
  show("orders-rest", `${live.reduce((sum, [, count]) => sum + count, 0)} working, ${amount(data.fills)} fills`);
  const refused = Object.entries(data.refusals).sort((one, two) => two[1] - one[1]);
  show("refused-count", amount(refused.reduce((sum, [, count]) => sum + count, 0)));
  show("refused-most", refused.length ? words(refused[0][0]) : "");
}

function handed(data) {
  return data.trades_handed_over ? `, ${data.trades_handed_over} handed over` : "";
}

export function showQueues({ data }) {
  show("queue-count", amount(Object.values(data).reduce((sum, count) => sum + count, 0)));
}

export function showFallback({ data }) {
  show("queue-rest", `+ ${amount(Object.values(data).reduce((sum, count) => sum + count, 0))} fallback`);
}

export function showTrades({ data }) {
  show("open-count", amount(data.count));
  show("trades-more", data.count > data.newest.length ? `the newest ${data.newest.length} of ${data.count}` : "");
  const lines = data.newest.map((trade) => row([
    [make("code", {}, trade.trade_id)], trade.coin, words(trade.direction), words(trade.state),
    [duration(trade.age_s), "n"], [quantity(trade.hedged), "n"],
    [quantity(trade.imbalance), Number(trade.imbalance) ? "n down" : "n quiet"], [String(trade.orders), "n"],
  ]));
  find("trades").replaceChildren(...(lines.length ? lines : [empty("No trade is open.", 8)]));
}

let curve = null;

export function showProfit({ at_ms: at, data }) {
  curve = { at, data };
  redrawProfit();
}

export function redrawProfit() {
  if (curve === null) return;
  const known = curve.data.map(([x, y]) => [x, Number(y)]);
  const last = known[known.length - 1][1];
  known.push([curve.at, last]);
  draw(find("profit"), [{ class: last < 0 ? "profit down" : "profit", points: known }], {
    zero: true, area: true, steps: true, labels: compact, name: `Realised profit: ${signed(last)} KRW`,
  });
}

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const compact = (value) => short.format(value);

export function showRisk({ data }) {
  find("risk").replaceChildren(...data.map(limit));
}

function limit({ name, unit, used, limit: ceiling, signed: way }) {
  const share = Math.min(1, Number(used) / Number(ceiling));
  const bar = make("i", { class: share < 0.8 ? "" : name === "daily_loss" ? "full" : "warn" });
  bar.style.width = `${share * 100}%`;
  const long = way === null || Number(way) === 0 ? "" : Number(way) > 0 ? ", long USDT" : ", long KRW";
  const text = `${compact(Number(used))} of ${compact(Number(ceiling))}${unit ? ` ${unit}` : ""}${long}`;
  const gauge = make("div", { class: "gauge", role: "meter", "aria-label": words(name),
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(share * 100)),
    "aria-valuetext": text }, bar);
  return make("div", { class: "limit" }, make("span", {}, words(name)), gauge, make("small", {}, text));
}

export function showProcesses({ data }) {
  const known = data.filter((each) => each.status);
  const running = known.filter((each) => each.status.state === "RUNNING");
  const memory = known.reduce((sum, each) => sum + (each.rss_bytes ?? 0), 0);
  show("processes-sum", `${running.length} of ${known.length} run, ${bytes(memory)}`);
  find("processes").replaceChildren(...data.map(process));
}

function process({ name, status, heartbeat_age_ms: beat, rss_bytes: memory }) {
  const good = status?.state === "RUNNING";
  const state = make("span", { class: `dot ${status ? (good ? "good" : "bad") : ""}` }, (status?.state ?? "unsupervised").toLowerCase());
  return row([
    name, [state], [status ? duration(status.uptime_s) : "", "n"],
    [status ? String(status.exits) : "", status?.exits ? "n down" : "n quiet"], [bytes(memory), "n"],
    [beat === null ? "" : age(beat), beat > HEARTBEAT_LATE_MS ? "n down" : "n quiet"],
  ]);
}

export function showAlerts({ data }) {
  const lines = data.map((alert) => make("li", {},
    make("span", { class: `severity ${alert.severity}` }, alert.severity),
    make("span", {}, `${words(alert.kind)}: ${alert.subject}`),
    make("small", {}, time(alert.at_ns / NS)), make("p", {}, alert.message)));
  find("alerts").replaceChildren(...(lines.length ? lines : [make("li", { class: "quiet" }, "None.")]));
}

const seen = new Set();

export function showEvents({ data }) {
  const first = seen.size === 0;
  const lines = data.map((event) => {
    const key = `${event.subject} ${event.at_ns} ${event.state}`;
    const line = row([
      [time(event.at_ns / NS, true), "quiet"], [make("span", { title: event.subject }, subject(event))],
      [words(event.state), state(event.state)], [words(event.reason), "long"],
    ]);
    line.dataset.subject = event.subject;
    if (!first && !seen.has(key)) line.className = "new";
    seen.add(key);
    return line;
  });
  if (seen.size > 5000) seen.clear();
  find("events").replaceChildren(...(lines.length ? lines : [empty("Nothing has happened yet.", 4)]));
}

function subject(event) {
  if (event.purpose === "trade") return `trade ${event.symbol} ${words(event.side)}`;
  return `${event.side} ${event.symbol} on ${event.venue}, ${event.purpose}`;
}

const state = (name) =>
  ["filled", "closed", "open"].includes(name) ? "up"
    : ["rejected", "unknown", "handed_over", "denied", "repairing"].includes(name) ? "down" : "";
