// The language of the page: what was chosen, else the browser's; and the words in it.
import { ENGINE_WORDS, WORDS } from "./words.js";

const KEPT = "arb-language";
const wanted = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
export const language = WORDS[wanted] ? wanted : "en";
const table = WORDS[language];

// The words of a key, with {names} filled in.
export function t(key, values = {}) {
  return table[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// A word of the engine's. A direction is the side at one venue; venues are called as the engine calls them.
export function word(text) {
  const plain = String(text), way = plain.match(/^(buy|sell)_(\w+)$/);
  if (way) return t("side.at", { side: word(way[1]), venue: way[2] });
  const words = ENGINE_WORDS[language] ?? {};
  return words[plain] ?? begun(plain, words) ?? plain.replaceAll("_", " ");
}

// A reason that ends in what it is about, a venue or an asset, as in quote_wide_btc.
function begun(plain, words) {
  for (let at = plain.lastIndexOf("_"); at > 0; at = plain.lastIndexOf("_", at - 1)) {
    const known = words[plain.slice(0, at)];
    if (known) return `${known} (${plain.slice(at + 1).split("_").map((each) => words[each] ?? each).join(" ")})`;
  }
  return null;
}

// Puts the words into the page: data-t is an element's text, data-t-label its name, data-t-title its title.
export function translate() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  for (const each of document.querySelectorAll("[data-t-label]")) each.setAttribute("aria-label", t(each.dataset.tLabel));
  for (const each of document.querySelectorAll("[data-t-title]")) each.title = t(each.dataset.tTitle);
}

export function turnLanguage() {
  localStorage.setItem(KEPT, language === "en" ? "ko" : "en");
  location.reload();
}
