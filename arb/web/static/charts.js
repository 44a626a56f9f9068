// Line charts in SVG, drawn anew at the size they have.
import { moment } from "./format.js";
import { t } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";
const LABELS = 46;
const AXIS = 16;
const DAY_MS = 86400000;
const STEPS_MS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800].map((s) => s * 1000);

function shape(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// series: [{class, points: [[x, y or null]], band: [[x, low, high]] or none}]; options: zero, threshold, labels (y as text, and a time axis),
// area, steps, name, gap (points that lie further apart are not joined)
export function draw(host, series, options) {
  const [width, height] = [host.clientWidth, host.clientHeight];
  const edges = (each) => each.band?.flatMap(([x, low, high]) => [[x, low], [x, high]]) ?? [];
  const all = series.flatMap((each) => [...each.points, ...edges(each)]).filter(([, y]) => y !== null);
  if (!width || !height) return;
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.name });
  if (all.length > 1) fill(svg, series, all, options, { width, height });
  else svg.append(shape("text", { x: 4, y: height / 2 + 4 }, options.empty ?? t("chart.empty")));
  host.replaceChildren(svg);
}

function fill(svg, series, all, options, size) {
  const scale = scales(all, options, size);
  const right = size.width - scale.margin;
  if (options.labels) {
    grid(svg, scale, options.labels, right);
    clock(svg, scale, right, size.height);
  }
  if (options.zero) svg.append(level("zero", scale.y(0), right));
  if (options.threshold !== undefined && scale.contains(options.threshold)) {
    svg.append(level("threshold", scale.y(options.threshold), right));
  }
  for (const each of series) {
    if (each.band) svg.append(shape("path", { class: `band ${each.class}`, d: band(each.band, scale, options.gap) }));
    if (options.area) svg.append(shape("path", { class: `area ${each.class}`, d: area(each.points, scale) }));
    svg.append(shape("path", { class: each.class, d: line(each.points, scale, options.steps, options.gap) }));
  }
}

function scales(all, options, { width, height }) {
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  if (options.zero) ys.push(0);
  const [left, last] = [options.from ?? Math.min(...xs), options.to ?? Math.max(...xs)];
  let [low, high] = [Math.min(...ys), Math.max(...ys)];
  const pad = (high - low || 1) * 0.08;
  [low, high] = [low - pad, high + pad];
  const margin = options.labels ? LABELS : 0;
  const floor = height - (options.labels ? AXIS : 0);
  return {
    margin, low, high, left, last, floor,
    x: (value) => ((value - left) / (last - left || 1)) * (width - margin),
    y: (value) => floor - ((value - low) / (high - low)) * floor,
    contains: (value) => value > low && value < high,
  };
}

function line(points, scale, steps, gap = Infinity) {
  let path = "";
  let pen = false;
  let before = null;
  let at = null;
  for (const [x, y] of points) {
    if (at !== null && x - at > gap) pen = false;
    at = x;
    if (y === null) { pen = false; continue; }
    if (pen && steps) path += `L${scale.x(x).toFixed(1)} ${before}`;
    before = scale.y(y).toFixed(1);
    // a point that stands alone is a dot
    path += `${pen ? "L" : "M"}${scale.x(x).toFixed(1)} ${before}${pen ? "" : "h0"}`;
    pen = true;
  }
  return path;
}

function band(points, scale, gap) {
  const pieces = [];
  for (const point of points) {
    const last = pieces[pieces.length - 1];
    if (last && point[0] - last[last.length - 1][0] <= gap) last.push(point);
    else pieces.push([point]);
  }
  const at = (x, y) => `${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`;
  return pieces.map((piece) => {
    const [highs, lows] = [piece.map(([x, , high]) => at(x, high)), piece.map(([x, low]) => at(x, low))];
    return `M${[...highs, ...lows.reverse()].join("L")}Z`;
  }).join("");
}

function area(points, scale) {
  const drawn = points.filter(([, y]) => y !== null);
  if (drawn.length < 2) return "";
  const [first, last] = [drawn[0][0], drawn[drawn.length - 1][0]].map((x) => scale.x(x).toFixed(1));
  const floor = scale.y(0).toFixed(1);
  return `${line(drawn, scale, true)}L${last} ${floor}L${first} ${floor}Z`;
}

function grid(svg, scale, labels, right) {
  for (const value of ticks(scale.low, scale.high)) {
    svg.append(level("", scale.y(value), right));
    svg.append(shape("text", { x: right + 6, y: scale.y(value) + 3.5 }, labels(value)));
  }
}

function clock(svg, scale, right, height) {
  const span = scale.last - scale.left;
  const most = Math.max(2, Math.floor(right / 90));
  const step = STEPS_MS.find((each) => span / each <= most) ?? STEPS_MS[STEPS_MS.length - 1];
  for (const at of step < DAY_MS ? even(scale, step) : midnights(scale, step)) {
    const x = scale.x(at);
    if (x < 20 || x > right - 20) continue;
    svg.append(shape("line", { class: "tick", x1: x, x2: x, y1: scale.floor, y2: scale.floor + 3 }));
    svg.append(shape("text", { class: "time", x, y: height - 3, "text-anchor": "middle" }, moment(at, span)));
  }
}

function even(scale, step) {
  const ahead = new Date(scale.last).getTimezoneOffset() * 60000;
  const found = [];
  for (let at = Math.ceil((scale.left - ahead) / step) * step + ahead; at <= scale.last; at += step) found.push(at);
  return found;
}

// Days of the browser's zone, of which two a year have not 24 hours.
function midnights(scale, step) {
  const day = new Date(scale.last);
  day.setHours(0, 0, 0, 0);
  const found = [];
  for (; day >= scale.left; day.setDate(day.getDate() - step / DAY_MS)) found.push(day.getTime());
  return found;
}

function level(style, y, right) {
  return shape("line", { class: style, x1: 0, x2: right, y1: y.toFixed(1), y2: y.toFixed(1) });
}

function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const found = [];
  for (let number = Math.ceil(low / step); number * step < high; number += 1) found.push(number * step || 0);
  return found;
}
