// What the pointer does on the sheet: select, move, resize, draw, connect, split. One tool is active at a time.

import { t } from "../words.js";
import * as edits from "./edits.js";
import { unite } from "./model.js";

const LEAST_BOX_PX = 5; // a drawn box smaller than this on the screen is a slip
const START_PX = 3; // a press that moves less is a click

export const TOOLS = {
  select: { key: "v", hint: "Click an element; drag it or its corners to change it." },
  symbol: { key: "b", hint: "Draw a box round the symbol." },
  word: { key: "t", hint: "Draw a box round the lettering." },
  line: { key: "l", hint: "Click its points; Enter or a double click ends it, Esc gives it up." },
  connect: { key: "c", hint: "Click the one symbol, then the other." },
  split: { key: "x", hint: "Click the line where it is to be split." },
  alike: { key: "g", hint: "Draw a box round one example: all that look alike are found." },
};
const BOX_TOOLS = ["symbol", "word", "alike"];

export class Tools extends EventTarget {
  constructor(sheet, overlay, session, { editable, teacher }) {
    super();
    this.sheet = sheet;
    this.overlay = overlay;
    this.session = session;
    this.model = session.model;
    this.editable = editable;
    this.teacher = teacher; // whether examples may be taught
    this.tool = "select";
    this.first = null; // symbol that a connection starts at
    const element = sheet.map.getContainer();
    element.addEventListener("pointerdown", (event) => this.down(event), true);
    element.addEventListener("pointermove", (event) => this.move(event));
    window.addEventListener("pointerup", (event) => this.up(event));
    window.addEventListener("pointercancel", () => this.cancel());
    element.addEventListener("dblclick", () => this.finishLine());
    element.addEventListener("pointerleave", () => this.hover(null));
  }

  use(tool) {
    if (tool !== "select" && !(tool === "alike" ? this.teacher : this.editable)) return;
    this.cancel();
    this.tool = tool;
    this.first = null;
    this.overlay.draft = null;
    this.overlay.redraw();
    this.sheet.map.getContainer().dataset.tool = tool;
    this.dispatchEvent(new CustomEvent("tool", { detail: tool }));
  }

  select(key) {
    this.dispatchEvent(new CustomEvent("select", { detail: key }));
  }

  hover(item) {
    const key = item?.key ?? null;
    if (this.overlay.hovered === key) return;
    this.overlay.hovered = key;
    this.overlay.redraw();
    this.dispatchEvent(new CustomEvent("hover", { detail: item }));
  }

  onSheet(event) {
    return event.button === 0 && !event.target.closest(".leaflet-control, .map-tools") && event.isPrimary;
  }

  down(event) {
    if (!this.onSheet(event)) return;
    const place = this.sheet.at(event);
    const screen = [event.clientX, event.clientY];
    this.press = { place, screen, moved: false };
    if (BOX_TOOLS.includes(this.tool)) this.hold({ kind: "box" });
    else if (this.tool === "select" && this.editable) {
      const handle = this.overlay.handleAt(place);
      const item = this.overlay.byKey.get(this.overlay.selected);
      const under = this.overlay.itemAt(place);
      if (handle) this.hold({ kind: "handle", handle, item });
      else if (item && under === item && ["symbols", "words"].includes(item.part)) this.hold({ kind: "move", item });
    }
  }

  /** The map is not dragged while an element is. */
  hold(action) {
    this.press.action = action;
    this.sheet.map.dragging.disable();
  }

  move(event) {
    const place = this.sheet.at(event);
    this.dispatchEvent(new CustomEvent("place", { detail: place }));
    if (!this.press) {
      this.trail(place);
      if (event.pointerType !== "touch") this.hover(this.overlay.itemAt(place, this.wantedParts()));
      return;
    }
    const away = Math.hypot(event.clientX - this.press.screen[0], event.clientY - this.press.screen[1]);
    if (away > START_PX) this.press.moved = true;
    if (this.press.moved && this.press.action) this.drag(place);
  }

  wantedParts() {
    if (this.tool === "connect") return ["symbols"];
    return this.tool === "split" ? ["lines"] : null;
  }

  drag(place) {
    const { action, place: start } = this.press;
    if (action.kind === "box") this.overlay.draft = { box: unite([[...start, ...start], [...place, ...place]]) };
    else action.shape = this.shapeOf(action, start, place);
    if (action.shape) this.overlay.draft = action.shape;
    this.overlay.redraw();
  }

  /** What a dragged element would be: {box} or {points}. */
  shapeOf({ kind, handle, item }, start, place) {
    const [dx, dy] = [place[0] - start[0], place[1] - start[1]];
    const { element } = item;
    if (kind === "move") return { box: element.box.map((v, i) => v + (i % 2 ? dy : dx)) };
    if (handle.point !== undefined) return { points: element.points.with(handle.point, place) };
    const corners = [...element.box];
    [corners[handle.corner[0]], corners[handle.corner[1]]] = place;
    return { box: unite([[corners[0], corners[1], corners[0], corners[1]], [corners[2], corners[3], corners[2], corners[3]]]) };
  }

  up(event) {
    const press = this.press;
    if (!press) return;
    this.cancel(this.tool === "line");
    if (!press.moved) this.click(press.place, event);
    else if (press.action?.kind === "box") this.drawn(press, this.sheet.at(event));
    else if (press.action?.shape) this.reshaped(press.action);
  }

  cancel(keepDraft = false) {
    this.press = null;
    this.sheet.map.dragging.enable();
    if (!keepDraft) this.overlay.draft = null;
    this.overlay.redraw();
  }

  click(place) {
    const item = this.overlay.itemAt(place, this.wantedParts());
    if (this.tool === "select") this.select(item?.key ?? null);
    else if (this.tool === "line") this.addPoint(place);
    else if (this.tool === "connect" && item) this.connectTo(item);
    else if (this.tool === "split" && item) this.split(item, place);
  }

  drawn({ place: start }, end) {
    const box = unite([[...start, ...start], [...end, ...end]]);
    if (Math.min(box[2] - box[0], box[3] - box[1]) * this.sheet.scale < LEAST_BOX_PX) return;
    this.dispatchEvent(new CustomEvent("drawn", { detail: { tool: this.tool, box: this.within(box) } }));
  }

  within(box) {
    const { width, height } = this.sheet.page;
    return [Math.max(box[0], 0), Math.max(box[1], 0), Math.min(box[2], width), Math.min(box[3], height)];
  }

  reshaped({ item, shape }) {
    const note = t(shape.points ? "Line reshaped" : "Moved or resized");
    this.session.do(edits.reshape(this.model, item.part, item.element, shape), note);
  }

  addPoint(place) {
    this.points = [...(this.overlay.draft ? this.points : []), place];
    this.overlay.draft = { points: this.points };
    this.overlay.redraw();
  }

  trail(place) {
    if (this.tool !== "line" || !this.overlay.draft) return;
    this.overlay.draft = { points: [...this.points, place] };
    this.overlay.redraw();
  }

  /** Ends a line that is being drawn; returns whether there was one. */
  finishLine() {
    if (this.tool !== "line" || !this.overlay.draft) return false;
    const points = this.points.filter((p, i) => !i || Math.hypot(p[0] - this.points[i - 1][0], p[1] - this.points[i - 1][1]) > 1);
    this.overlay.draft = null;
    this.overlay.redraw();
    if (points.length < 2) return true;
    const id = this.model.freeId("l");
    this.session.do([{ op: "add", part: "lines", value: edits.newLine(id, points) }], t("Line added"));
    this.select(`lines:${id}`);
    return true;
  }

  startConnection(item) {
    this.use("connect");
    this.first = item.element;
    this.overlay.lit = new Set([item.key]);
    this.overlay.redraw();
  }

  connectTo(item) {
    if (!this.first) {
      this.first = item.element;
      this.overlay.lit = new Set([item.key]);
      this.overlay.redraw();
      return;
    }
    const [a, b] = [this.first.id, item.element.id];
    this.first = null;
    this.overlay.lit = new Set();
    if (a !== b && !this.model.get("connections", `${a}|${b}`)) {
      this.session.do([{ op: "add", part: "connections", value: edits.newConnection(a, b) }], t("Connected"));
    }
    this.overlay.redraw();
  }

  split(item, place) {
    const { operations, parts } = edits.splitLine(this.model, item.element, place);
    if (!operations.length) return;
    this.session.do(operations, t("Line split"));
    this.use("select");
    this.select(`lines:${parts[0]}`);
  }
}
