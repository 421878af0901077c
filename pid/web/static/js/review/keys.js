// The keyboard: everything that a reviewer does often is one key.

import { find } from "../dom.js";
import { TOOLS } from "./tools.js";

const PAN_PX = 120;
const typing = (target) => target.closest("input:not([type=checkbox]):not([type=range]), select, textarea, [contenteditable]");

export function bindKeys(review) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z" && !typing(event.target)) {
      if (event.shiftKey) review.session.redo();
      else review.session.undo();
    } else if (command && event.key.toLowerCase() === "y" && !typing(event.target)) review.session.redo();
    else if (command || event.altKey || !handle(review, event)) return;
    event.preventDefault();
  });
}

function handle(review, event) {
  const { key, target } = event;
  if (typing(target)) {
    if (key !== "Escape" && !(key === "Enter" && target.closest("#card"))) return false;
    target.blur(); // what was typed is taken by the change event
    find("#sheet").focus({ preventScroll: true });
    return true;
  }
  const onControl = target.closest("button, a, summary, [role=tab], tr[tabindex], input");
  if ((key === "Enter" || key === " ") && onControl) return false;
  if (target.closest("input[type=range]") && key.startsWith("Arrow")) return false;
  return Boolean(act(review, key, event.shiftKey));
}

/** Does what a key stands for; returns whether it stands for anything. */
function act(review, key, shift) {
  const { queue, tools, sheet, session } = review;
  const pan = { ArrowLeft: [-PAN_PX, 0], ArrowRight: [PAN_PX, 0] }[key] ?? (shift && { ArrowUp: [0, -PAN_PX], ArrowDown: [0, PAN_PX] }[key]);
  if (pan) return sheet.map.panBy(pan), true;
  const actions = {
    j: () => queue.go(1), ArrowDown: () => queue.go(1),
    k: () => queue.go(-1), ArrowUp: () => queue.go(-1),
    Enter: () => tools.finishLine() || review.accept(),
    a: () => review.accept(),
    Delete: () => review.remove(), Backspace: () => review.remove(),
    f: () => review.findAlike(),
    e: () => review.card.focusField("kind"),
    r: () => review.card.focusField("tag"),
    u: () => session.undo(),
    0: () => sheet.fit(), "+": () => sheet.zoomBy(0.75), "=": () => sheet.zoomBy(0.75), "-": () => sheet.zoomBy(-0.75),
    z: () => review.selected && sheet.look(review.selected.box),
    "?": () => review.help(),
    "\\": () => review.tabs.fold(),
    Escape: () => escape(review),
  };
  if (/^[1-9]$/.test(key)) return review.card.takeRunner(Number(key) - 1), true;
  const tool = Object.keys(TOOLS).find((name) => TOOLS[name].key === key);
  if (tool) return tools.use(tool), true;
  if (!(key in actions)) return false;
  actions[key]();
  return true;
}

function escape(review) {
  if (review.tools.tool !== "select") review.tools.use("select");
  else review.select(null);
  review.lightKeys([]);
}
