// Building blocks of pages: elements from calls, texts as text only, so that no name or tag is ever read as markup.

/** An element. Keys of `props` that start with "on" are listeners, "class", "data-*", "aria-*" and the rest attributes. */
export function h(name, props = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key in element && ["value", "checked", "disabled", "selected", "hidden", "htmlFor"].includes(key)) {
      element[key] = value;
    } else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Calls `run` once things have been quiet for `ms`. */
export function settled(run, ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...args), ms);
  };
}

/** A short remark at the edge of the page; `kind` is "info" or "error". */
export function tell(message, kind = "info", action = null) {
  const box = find("#remarks");
  const remark = h("div", { class: `remark ${kind}`, role: kind === "error" ? "alert" : "status" }, h("span", {}, message));
  const close = () => remark.remove();
  if (action) {
    remark.append(h("button", { type: "button", class: "link", onclick: () => { close(); action.run(); } }, action.name));
  }
  remark.append(h("button", { type: "button", class: "icon", "aria-label": "×", onclick: close }, "×"));
  box.append(remark);
  setTimeout(close, kind === "error" ? 12000 : 5000);
}

/** Asks yes or no in a dialog of the page; resolves to true or false. */
export function ask(question, yes, no) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { class: "ask", onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } },
      h("form", { method: "dialog" },
        h("p", {}, question),
        h("div", { class: "actions" },
          h("button", { value: "no", class: "button" }, no),
          h("button", { value: "yes", class: "button primary" }, yes))),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
