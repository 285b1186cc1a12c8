// The page: its two tabs, and the network that both show.

import { Learning } from "./learning.js";
import { Reading } from "./reading.js";
import { ask, complain } from "./server.js";

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(chosen) {
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", event => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const other = tabs[(tabs.indexOf(tab) + 1) % tabs.length];
    choose(other);
    other.focus();
  });
}

try {
  const about = await (await ask("about")).json();
  document.getElementById("which").textContent =
    `${about.cells} cells, ${about.rule.replaceAll("_", " ")} rule. Diehl & Cook (2015), simulated as you watch.`;
  new Reading(about);
  new Learning();
  document.body.dataset.ready = "true";
} catch (error) {
  complain(error.message);
}
