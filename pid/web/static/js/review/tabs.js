// The panel beside the sheet: tabs, of which one is open. Panels have show(detail) and hide().

import { find, findAll } from "../dom.js";

export class Tabs {
  /** `panels` by name; a tab without one has content of its own. `onopen` is told when another is opened. */
  constructor(panels, onopen) {
    this.panels = panels;
    this.onopen = onopen;
    this.tabs = findAll("[role=tab]");
    this.open = this.tabs[0].dataset.tab;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.show(tab.dataset.tab));
      tab.addEventListener("keydown", (event) => this.turn(event));
    }
    find("#fold").addEventListener("click", () => this.fold());
  }

  show(name, detail) {
    if (this.open !== name) this.panels[this.open]?.hide();
    this.open = name;
    document.body.classList.remove("folded");
    for (const tab of this.tabs) {
      const on = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
    }
    for (const panel of findAll("[role=tabpanel]")) panel.hidden = panel.id !== `panel-${name}`;
    this.panels[name]?.show(detail);
    this.onopen();
  }

  /** What is open shows anew what has changed. */
  refresh() {
    this.panels[this.open]?.show();
  }

  turn(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = this.tabs[(this.tabs.indexOf(event.target) + step + this.tabs.length) % this.tabs.length];
    this.show(next.dataset.tab);
    next.focus();
    event.stopPropagation();
    event.preventDefault();
  }

  /** Hides the panel, or shows it again. */
  fold() {
    const folded = document.body.classList.toggle("folded");
    find("#fold").setAttribute("aria-expanded", !folded);
    this.onopen();
  }
}
