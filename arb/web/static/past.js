// The premium and both edges of the chosen coin over an hour, a day or a month, from what is recorded.
import { draw } from "./charts.js";
import { find, make } from "./dom.js";
import { signed } from "./format.js";
import { t, word } from "./language.js";

const KEPT = "arb-scale";
const LOOK_MS = 5000;
const buttons = [...document.querySelectorAll("[data-scale]")];
const kept = localStorage.getItem(KEPT);
let scale = buttons.some((each) => each.dataset.scale === kept) ? kept : "now";
let coin = null;
let mark = NaN;
let shown = null; // {coin, scale, data, at}: the newest answer
let asked = 0; // the newest question: an answer to an older one is late
let drawNow = () => {};

export const isNow = () => scale === "now";

export function setMark(bps) { mark = bps; }

export function choosePast(name) {
  coin = name;
  if (!isNow()) ask();
}

export function startPast(redrawNow) {
  drawNow = redrawNow;
  for (const each of buttons) each.addEventListener("click", () => turn(each.dataset.scale));
  setInterval(() => { if (!isNow() && coin && !document.hidden && isOld()) ask(); }, LOOK_MS);
  press();
}

const isOurs = () => shown !== null && shown.coin === coin && shown.scale === scale;
const isOld = () => !isOurs() || Date.now() - shown.at >= shown.data.fresh_ms;

function turn(name) {
  scale = name;
  localStorage.setItem(KEPT, name);
  press();
  note("");
  if (isNow()) drawNow(); else if (coin) ask();
}

function press() {
  for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset.scale === scale));
  keys(isNow() ? [["premium", t("key.premium")], ["edge", t("key.edge")]] : isOurs() ? ways(shown.data) : []);
}

const ways = ({ venues: [first] }) => [
  ["premium", t("key.premium")], ["edge", t("key.way", { way: word(`sell_${first}`) })],
  ["other", t("key.way", { way: word(`buy_${first}`) })],
];

function keys(named) {
  find("coin-keys").replaceChildren(...named.map(([style, text]) => make("span", { class: `key ${style}` }, text)));
}

function note(text) {
  find("coin-note").textContent = text;
  find("coin-note").hidden = !text;
}

async function ask() {
  asked += 1;
  const [own, wanted] = [asked, { coin, scale }];
  if (!isOurs()) find("coin-chart").replaceChildren();
  try {
    const answer = await fetch(`/api/premiums?${new URLSearchParams(wanted)}`);
    if (own !== asked || isNow()) return;
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
    shown = { ...wanted, data: await answer.json(), at: Date.now() };
    if (own === asked && !isNow()) redrawPast();
  } catch (error) {
    if (own === asked && !isNow()) note(t("past.away", { why: error.message }));
  }
}

export function redrawPast() {
  if (isNow() || !isOurs()) return;
  const { points, from_ms: from, to_ms: to, step_ms: step, is_recorded: isRecorded } = shown.data;
  keys(ways(shown.data));
  note(isRecorded ? "" : t("past.off"));
  draw(find("coin-chart"), [
    { class: "premium", points: points.map(([x, last]) => [x, last]), band: points.map(([x, , low, high]) => [x, low, high]) },
    { class: "edge", points: points.map(([x, , , , selling]) => [x, selling]) },
    { class: "other", points: points.map(([x, , , , , buying]) => [x, buying]) },
  ], {
    zero: true, from, to, threshold: mark, gap: step * 1.5, empty: t("past.none"), name: spoken(points),
    labels: (value) => signed(value),
  });
}

function spoken(points) {
  if (!points.length) return t("past.none");
  const most = (at) => { const found = points.map((each) => each[at]).filter((each) => each !== null); return found.length ? Math.max(...found) : null; };
  const low = Math.min(...points.map((each) => each[2]));
  const edges = [4, 5].map((at) => signed(most(at), 1)).join(", ");
  return t("past.label", { coin, low: signed(low, 1), high: signed(most(3), 1), edges });
}
