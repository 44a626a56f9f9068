// Signing in: its words, and what the server answered the last time.
import { t, translate, turnLanguage } from "./language.js";

translate();
document.title = t("login");
const message = document.getElementById("message");
const { key, seconds } = message.dataset;
if (key) message.textContent = t(key, { seconds });
document.getElementById("language").addEventListener("click", turnLanguage);
