// Small helpers; data only ever becomes text, never markup.
export const find = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("aria-") || name === "role" || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function show(id, text, tone) {
  const element = find(id);
  if (element.textContent !== text) element.textContent = text;
  if (tone !== undefined) element.className = tone;
}

export function row(cells) {
  const line = make("tr");
  for (const cell of cells) {
    const [content, style] = Array.isArray(cell) ? cell : [cell, ""];
    line.append(make("td", { class: style }, content));
  }
  return line;
}

export function empty(text, columns) {
  return make("tr", { class: "none" }, make("td", { colSpan: columns }, text));
}
