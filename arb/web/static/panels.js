// Everything but the market: result, trades, profit, risk, processes, alerts, events.
import { draw } from "./charts.js";
import { empty, find, make, row, show } from "./dom.js";
import { DASH, age, amount, bytes, duration, known, quantity, signed, time, tone, when } from "./format.js";
import { language, t, word } from "./language.js";

const HEARTBEAT_LATE_MS = 5000;
const NS = 1000000;
const working = new Set(["intent", "submitted", "unknown", "accepted", "partially_filled"]);

export function showResult({ data }) {
  show("pnl", signed(data.pnl_krw), tone(data.pnl_krw));
  show("pnl-rest", t("profit.rest", { usdt: signed(data.pnl_usdt, 2), krw: signed(data.realised_krw) }));
  show("fees", amount(data.fees_krw));
  show("closed-count", amount(data.trades_closed));
  const count = amount(data.trades_opened);
  const handed = data.trades_handed_over;
  show("opened-count", handed ? t("closed.handed", { count, handed: amount(handed) }) : t("closed.rest", { count }));
  const live = Object.entries(data.orders_by_state).filter(([state]) => working.has(state));
  show("orders-count", amount(data.orders));
  show("orders-rest", t("orders.rest", { working: sum(live.map(([, each]) => each)), fills: amount(data.fills) }));
  const refused = Object.entries(data.refusals).sort((one, two) => two[1] - one[1]);
  show("refused-count", amount(sum(refused.map(([, each]) => each))));
  show("refused-most", refused.length ? word(refused[0][0]) : "");
}

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);

export function showQueues({ data }) {
  show("queue-count", amount(sum(Object.values(data))));
}

export function showFallback({ data }) {
  show("queue-rest", t("waiting.rest", { count: amount(sum(Object.values(data))) }));
}

export function showTrades({ data }) {
  show("open-count", amount(data.count));
  const shown = data.newest.length;
  show("trades-more", data.count > shown ? t("trades.more", { shown, count: data.count }) : "");
  const lines = data.newest.map((trade) => {
    const uneven = Number(trade.imbalance) !== 0;
    const held = [make("span", { title: uneven ? `${t("unhedged")} ${quantity(trade.imbalance)}` : "" },
      quantity(trade.hedged)), uneven ? "n down" : "n"];
    const line = row([
      trade.coin, [word(trade.direction), "way"], word(trade.state), [duration(trade.age_s), "n"], held,
      [signed(trade.entry_premium_bps, 1), "n"], [signed(trade.premium_bps, 1), "n"], [profit(trade), "n"],
      [waitsFor(trade), "long"],
    ]);
    return named(line, trade);
  });
  find("trades").replaceChildren(...(lines.length ? lines : [empty(t("trades.none"), 9)]));
}

function named(line, { trade_id: id }) {
  line.dataset.trade = id;
  line.title = `${t("trade")} ${id}`;
  return line;
}

function profit(trade) {
  return make("span", { class: tone(trade.pnl_krw) }, signed(trade.pnl_krw),
    make("small", {}, known(trade.pnl_bps) ? ` ${signed(trade.pnl_bps, 1)} bps` : ""));
}

function waitsFor({ state, exit }) {
  if (state !== "open") return t("exit.moving");
  if (!exit) return t("exit.unknown");
  if (exit.due) return make("b", {}, t("exit.due", { reason: word(exit.due) }));
  if (known(exit.min_profit_bps)) {
    return make("span", {}, t("exit.level", { profit: signed(exit.min_profit_bps, 1) }), " ", make("small", {},
      t("exit.else", { stop: signed(exit.stop_loss_bps), left: duration(exit.time_left_s) })));
  }
  if (!known(exit.converged_bps)) return DASH;
  const even = t("exit.converged", { at: amount(exit.converged_bps, 1), now: amount(exit.closing_bps, 1) });
  return make("span", {}, even, " ", make("small", {}, t("exit.profit", {
    profit: signed(exit.take_profit_bps), stop: signed(exit.stop_loss_bps), left: duration(exit.time_left_s),
  })));
}

export function showClosed({ data }) {
  const lines = data.map((trade) => {
    const line = row([
      [time(trade.closed_at_ns / NS), "quiet"], trade.coin, [word(trade.direction), "way"],
      [signed(trade.entry_premium_bps, 1), "n"],
      [duration((trade.closed_at_ns - trade.opened_at_ns) / 1e9), "n"], [amount(trade.fees_krw), "n"],
      [signed(trade.pnl_krw), `n ${tone(trade.pnl_krw)}`],
      [word(trade.state === "closed" ? trade.reason : trade.state), "long"],
    ]);
    return named(line, trade);
  });
  find("closed").replaceChildren(...(lines.length ? lines : [empty(t("ended.none"), 8)]));
}

export function showChances({ data }) {
  const lines = data.map((each) => {
    const lasted = (each.to_ns - each.from_ns) / 1e9;
    const line = row([
      [when(each.from_ns / NS), "quiet"], each.coin, [word(each.direction), "way"],
      [lasted < 60 ? `${amount(lasted, 1)} s` : duration(lasted), "n"], [signed(each.peak_bps, 1), "n"],
      [amount(each.size_krw), "n"], [signed(each.worth_krw), `n ${tone(each.worth_krw)}`],
      [each.taken ? t("taken") : word(each.reason), each.taken ? "long up" : "long"],
    ]);
    line.title = each.taken ? each.trades.join(", ") : Object.entries(each.looks).map(([why, looks]) => `${word(why)} ${looks}`).join(", ");
    line.dataset.chance = `${each.coin} ${each.direction} ${each.from_ns}`;
    return line;
  });
  find("chances").replaceChildren(...(lines.length ? lines : [empty(t("chances.none"), 8)]));
}

export function showInventory({ data }) {
  const lines = [];
  for (const venue of new Set(data.map((each) => each.venue))) {
    const own = data.filter((each) => each.venue === venue);
    const worth = own.every((each) => known(each.worth_krw)) ? sum(own.map((each) => Number(each.worth_krw))) : null;
    const head = row([[t("inventory.sum", { venue: word(venue) }), "all"], "", "", [amount(worth), "n all"]]);
    head.dataset.venue = venue;
    lines.push(head, ...own.map((each) => row([
      each.asset, [quantity(each.held), "n"], [quantity(each.free), "n quiet"], [amount(each.worth_krw), "n"],
    ])));
  }
  find("inventory").replaceChildren(...(lines.length ? lines : [empty(t("inventory.none"), 4)]));
}

let curve = null;

export function showProfit({ at_ms: at, data }) {
  curve = { at, data };
  redrawProfit();
}

export function redrawProfit() {
  if (curve === null) return;
  const points = curve.data.map(([x, y]) => [x, Number(y)]);
  const last = points[points.length - 1][1];
  points.push([curve.at, last]);
  draw(find("profit"), [{ class: last < 0 ? "profit down" : "profit", points }], {
    zero: true, area: true, steps: true, labels: compact, name: t("curve.label", { amount: signed(last) }),
  });
}

const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const compact = (value) => short.format(value);

export function showRisk({ data }) {
  find("risk").replaceChildren(...data.map(limit));
}

function limit({ name, unit, used, limit: ceiling, signed: way }) {
  const share = Math.min(1, Number(used) / Number(ceiling));
  const bar = make("i", { class: share < 0.8 ? "" : name === "daily_loss" ? "full" : "warn" });
  bar.style.width = `${share * 100}%`;
  const long = way === null || Number(way) === 0 ? "" : t(Number(way) > 0 ? "risk.long.usdt" : "risk.long.krw");
  const text = `${t("risk.of", { used: compact(Number(used)), limit: compact(Number(ceiling)) })}${unit ? ` ${unit}` : ""}${long}`;
  const gauge = make("div", { class: "gauge", role: "meter", "aria-label": word(name),
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(share * 100)),
    "aria-valuetext": text }, bar);
  return make("div", { class: "limit" }, make("span", {}, word(name)), gauge, make("small", {}, text));
}

export function showLatency({ data }) {
  const lines = data.map((each) => row([word(each.part), ...[each.p50_ms, each.p90_ms, each.p99_ms].map((ms) => [amount(ms, 1), "n"])]));
  find("latency").replaceChildren(...(lines.length ? lines : [empty(t("latency.none"), 4)]));
}

export function showProcesses({ data }) {
  const listed = data.filter((each) => each.status);
  const running = listed.filter((each) => each.status.state === "RUNNING");
  const memory = sum(listed.map((each) => each.rss_bytes ?? 0));
  show("processes-sum", t("processes.rest", { running: running.length, count: listed.length, memory: bytes(memory) }));
  find("processes").replaceChildren(...data.map(process));
}

function process({ name, status, heartbeat_age_ms: beat, rss_bytes: memory }) {
  const good = status?.state === "RUNNING";
  const state = make("span", { class: `dot ${status ? (good ? "good" : "bad") : ""}` }, word((status?.state ?? "unsupervised").toLowerCase()));
  return row([
    name, [state], [status ? duration(status.uptime_s) : "", "n"],
    [status ? String(status.exits) : "", status?.exits ? "n down" : "n quiet"], [bytes(memory), "n"],
    [beat === null ? "" : age(beat), beat > HEARTBEAT_LATE_MS ? "n down" : "n quiet"],
  ]);
}

export function showAlerts({ data }) {
  const lines = data.map((alert) => make("li", {},
    make("span", { class: `severity ${alert.severity}` }, word(alert.severity)),
    make("span", {}, `${word(alert.kind)}: ${alert.subject}`),
    make("small", {}, time(alert.at_ns / NS)), make("p", {}, alert.message)));
  find("alerts").replaceChildren(...(lines.length ? lines : [make("li", { class: "quiet" }, t("alerts.none"))]));
}

const seen = new Set();

export function showEvents({ data }) {
  const first = seen.size === 0;
  const lines = data.map((event) => {
    const key = `${event.subject} ${event.at_ns} ${event.state}`;
    const line = row([
      [time(event.at_ns / NS, true), "quiet"], [make("span", { title: event.subject }, subject(event))],
      [word(event.state), state(event.state)], [word(event.reason), "long"],
    ]);
    line.dataset.subject = event.subject;
    if (!first && !seen.has(key)) line.className = "new";
    seen.add(key);
    return line;
  });
  if (seen.size > 5000) seen.clear();
  find("events").replaceChildren(...(lines.length ? lines : [empty(t("events.none"), 4)]));
}

function subject(event) {
  if (event.purpose === "trade") return t("event.trade", { coin: event.symbol, way: word(event.side) });
  return t("event.order", {
    side: word(event.side), symbol: event.symbol, venue: word(event.venue), purpose: word(event.purpose),
  });
}

const state = (name) =>
  ["filled", "closed", "open"].includes(name) ? "up"
    : ["rejected", "unknown", "handed_over", "denied", "repairing"].includes(name) ? "down" : "";
