// Before the first paint: the theme that was chosen, else the system's.
"use strict";
{
  const chosen = localStorage.getItem("arb-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
