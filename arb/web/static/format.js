// Numbers as a person reads them. Amounts come as exact text; they become numbers only to be shown.
export const DASH = "–";
const grouped = (places) => new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places });
const formats = [0, 1, 2, 3, 4].map(grouped);
const two = (number) => String(number).padStart(2, "0");

export const known = (value) => value !== null && value !== undefined;

export function amount(value, places = 0) {
  return known(value) ? formats[places].format(Number(value)) : DASH;
}

export function signed(value, places = 0) {
  if (!known(value)) return DASH;
  const number = Number(value);
  return (number > 0 ? "+" : "") + formats[places].format(number);
}

export function price(value) {
  if (!known(value)) return DASH;
  const number = Number(value);
  return formats[number >= 10000 ? 0 : number >= 100 ? 2 : 4].format(number);
}

export function quantity(value) {
  if (!known(value)) return DASH;
  const number = Number(value);
  return number === 0 ? "0" : new Intl.NumberFormat("en", { maximumSignificantDigits: 6 }).format(number);
}

export function age(ms) {
  if (!known(ms)) return DASH;
  const shown = Math.max(0, ms);
  return shown < 10000 ? `${Math.round(shown)} ms` : duration(shown / 1000);
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${two(minutes)}:${two(rest)}`;
}

export function time(ms, fraction = false) {
  const at = new Date(ms);
  const clock = at.toLocaleTimeString("en-GB", { hour12: false });
  return fraction ? `${clock}.${String(at.getMilliseconds()).padStart(3, "0")}` : clock;
}

// With the day where it is not today.
export function when(ms) {
  const at = new Date(ms);
  const day = at.toDateString() === new Date().toDateString() ? "" : `${two(at.getMonth() + 1)}-${two(at.getDate())} `;
  return day + time(ms);
}

export function bytes(value) {
  return known(value) ? `${formats[0].format(value / 1048576)} MB` : DASH;
}

export const tone = (value) => (!known(value) || Number(value) === 0 ? "" : Number(value) > 0 ? "up" : "down");

// A moment on a time axis: the clock, the day too where the axis is longer than one, alone where it is a week.
export function moment(ms, spanMs) {
  const at = new Date(ms);
  if (spanMs > 604800000) return `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (spanMs <= 300000) return `${clock}:${two(at.getSeconds())}`;
  return spanMs > 129600000 ? `${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}` : clock;
}
