// Quotes, premium and edge of every coin, and the depth of the one that is chosen.
import { draw } from "./charts.js";
import { find, make, row, show } from "./dom.js";
import { age, amount, price, quantity, signed, tone } from "./format.js";
import { t, word } from "./language.js";
import { choosePast, isNow, setMark } from "./past.js";

const WINDOW_MS = 600000;
const GAP_MS = 20000; // what was not seen for so long is a gap, and not a line
const points = new Map(); // coin -> [[at, premium, edge]]
const rows = new Map();
let chosen = null;
let newest = null;

export function showHistory({ data }) {
  for (const [coin, known] of Object.entries(data)) points.set(coin, known);
}

export function showMarket({ at_ms: at, data }) {
  newest = { at, data };
  if (chosen === null && data.quotes.length) choose(data.quotes[0].coin);
  setMark(Number(data.entry_edge_bps));
  show("rate", amount(data.krw_per_usdt, 1));
  for (const quote of data.quotes) {
    remember(quote, at, data.chart_every_ms);
    update(rows.get(quote.coin) ?? addRow(quote.coin), quote, data);
  }
  redraw();
}

export function redraw() {
  if (newest === null) return;
  const { at, data } = newest;
  for (const quote of data.quotes) chart(rows.get(quote.coin).chart, quote.coin, at, data, {});
  show("coin-name", chosen);
  if (isNow()) chart(find("coin-chart"), chosen, at, data, { labels: (value) => `${signed(value)}` });
  for (const [at, leg] of (data.quotes[0]?.legs ?? []).entries()) {
    show(`depth-name-${at}`, `${word(leg.venue)}, ${leg.currency}`);
    depth(find(`depth-${at}`), data.depth[chosen]?.[leg.venue]);
  }
}

function remember(quote, at, every) {
  const known = points.get(quote.coin) ?? [];
  const number = (text) => (text === null ? null : Number(text));
  if (!known.length || at - known[known.length - 1][0] >= every * 0.9) {
    known.push([at, number(quote.premium_bps), number(quote.edge_bps)]);
  }
  while (known.length && known[0][0] < at - WINDOW_MS) known.shift();
  points.set(quote.coin, known);
}

function addRow(coin) {
  const button = make("button", { type: "button", class: "coin", "aria-pressed": "false" }, coin);
  button.addEventListener("click", () => { choose(coin); redraw(); press(); });
  const cells = {
    button, legs: [0, 1].map(() => ({ mid: make("b"), age: make("small") })),
    premium: make("b"), edge: make("b"), chart: make("div", { class: "chart" }),
  };
  const line = row([
    button, ...cells.legs.map((leg) => [make("span", {}, leg.mid, leg.age)]),
    cells.premium, cells.edge, [cells.chart, "wide"],
  ]);
  find("quotes").append(line);
  rows.set(coin, cells);
  press();
  return cells;
}

function choose(coin) {
  chosen = coin;
  choosePast(coin);
}

function press() {
  for (const [coin, cells] of rows) cells.button.setAttribute("aria-pressed", String(coin === chosen));
}

function update(cells, quote, data) {
  cells.premium.textContent = signed(quote.premium_bps, 1);
  cells.edge.textContent = signed(quote.edge_bps, 1);
  cells.edge.className = tone(quote.edge_bps);
  for (const [at, leg] of quote.legs.entries()) {
    show(`quotes-name-${at}`, `${word(leg.venue)}, ${leg.currency}`);
    cells.legs[at].mid.textContent = price(leg.mid);
    cells.legs[at].age.textContent = age(leg.age_ms);
    cells.legs[at].age.className = leg.age_ms !== null && leg.age_ms > data.quote_age_ms_max ? "down" : "";
  }
}

function chart(host, coin, at, data, more) {
  const known = points.get(coin) ?? [];
  const last = known[known.length - 1] ?? [at, null, null];
  draw(host, [
    { class: "premium", points: known.map(([x, premium]) => [x, premium]) },
    { class: "edge", points: known.map(([x, , edge]) => [x, edge]) },
  ], {
    zero: true, from: Math.min(known[0]?.[0] ?? at, at - 60000), to: at, threshold: Number(data.entry_edge_bps),
    gap: GAP_MS, name: t("chart.label", { coin, premium: signed(last[1], 1), edge: signed(last[2], 1) }), ...more,
  });
}

function depth(body, book) {
  if (!book) { body.replaceChildren(row([[t("depth.none"), "quiet"], ""])); return; }
  const decimals = (text) => (text.split(".")[1] ?? "").replace(/0+$/, "").length;
  const places = Math.min(4, Math.max(...[...book.bids, ...book.asks].map(([at]) => decimals(at))));
  const most = Math.max(...[...book.bids, ...book.asks].map(([, held]) => Number(held)));
  const line = (side) => ([at, held]) => {
    const bar = make("i");
    bar.style.width = `${(Number(held) / most) * 100}%`;
    const built = row([amount(at, places), [make("span", {}, quantity(held))]]);
    built.className = side;
    built.lastChild.prepend(bar);
    return built;
  };
  const spread = (Number(book.asks[0][0]) / Number(book.bids[0][0]) - 1) * 10000;
  const gap = make("tr", { class: "gap" }, make("td", { colSpan: 2 }, t("depth.spread", { bps: amount(spread, 1) })));
  body.replaceChildren(
    ...book.asks.slice(0, 6).map(line("ask")).reverse(), gap, ...book.bids.slice(0, 6).map(line("bid")),
  );
}
