// The drawing in the browser and its edits. Mirrors pid/web/edits.py: the same operations do the same here and there
// (tests/web/test_edits_in_browser.py holds the two together), so that an edit is seen at once and saved behind it.

export const PARTS = ["symbols", "lines", "words", "connections", "tables", "fields"];
const WITH_IDS = ["symbols", "lines", "words", "tables"];

/** What operations call an element. */
export function nameOf(part, element) {
  if (part === "connections") return `${element.a}|${element.b}`;
  return part === "fields" ? element.name : element.id;
}

/** Bounding box [x0, y0, x1, y1] of any element in sheet pixels, or null. */
export function boxOf(model, part, element) {
  if (part === "lines") return boxAround(element.points);
  if (part === "connections") {
    const ends = [model.get("symbols", element.a), model.get("symbols", element.b)].filter(Boolean);
    return ends.length ? unite(ends.map((s) => s.box)) : null;
  }
  return element.box ?? null;
}

export const boxAround = (points) => unite(points.map(([x, y]) => [x, y, x, y]));
export const unite = (boxes) => boxes.reduce((a, b) => [
  Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3]),
]);
export const middle = (box) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];

/** The score of an element; a table's is that of its least certain cell. */
export const scoreOf = (part, element) =>
  part === "tables" ? Math.min(1, ...element.cells.map((cell) => cell.score)) : element.score;

const byPerson = (part, element) => {
  const sure = asSure(part, element);
  if (part === "symbols" && !(sure.found_by ?? []).includes("person")) {
    return { ...sure, found_by: [...(sure.found_by ?? []), "person"] };
  }
  return part === "fields" ? { ...sure, edited: true } : sure;
};
const asSure = (part, element) =>
  part === "tables"
    ? { ...element, cells: element.cells.map((cell) => ({ ...cell, score: 1 })) }
    : { ...element, score: 1 };

export class Model extends EventTarget {
  constructor(drawing) {
    super();
    this.load(drawing);
  }

  load(drawing) {
    this.drawing = drawing;
    this.lists = Object.fromEntries(WITH_IDS.map((part) => [part, [...drawing[part]]]));
    this.lists.connections = [...drawing.connections];
    this.titleBlock = drawing.title_block;
    this.findings = drawing.findings;
    this.index();
  }

  index() {
    this.byName = {};
    for (const part of [...WITH_IDS, "connections"]) {
      this.byName[part] = new Map(this.lists[part].map((element) => [nameOf(part, element), element]));
    }
    this.partOf = new Map();
    for (const part of WITH_IDS) for (const element of this.lists[part]) this.partOf.set(element.id, part);
  }

  list(part) {
    return part === "fields" ? (this.titleBlock?.fields ?? []) : this.lists[part];
  }

  get(part, name) {
    if (part === "fields") return this.list("fields").find((field) => field.name === name) ?? null;
    const found = this.byName[part]?.get(name);
    if (found || part !== "connections") return found ?? null;
    return this.byName.connections.get(name.split("|").reverse().join("|")) ?? null;
  }

  connectionsOf(id) {
    return this.lists.connections.filter((c) => c.a === id || c.b === id);
  }

  /** A name that nothing bears. */
  freeId(letter) {
    let id;
    do id = `${letter}-${Math.random().toString(36).slice(2, 8)}`; while (this.partOf.has(id));
    return id;
  }

  /** The whole as a drawing again. */
  toDrawing() {
    return {
      ...this.drawing, ...this.lists, title_block: this.titleBlock, findings: this.findings,
    };
  }

  /** Does operations; returns those that take them back. Throws and does nothing where one cannot be done. */
  apply(operations) {
    const before = [{ ...this.lists }, this.titleBlock];
    const undo = [];
    try {
      for (const operation of operations) {
        undo.unshift(...this.one(operation));
        this.index();
      }
    } catch (error) {
      [this.lists, this.titleBlock] = before;
      this.index();
      throw error;
    }
    this.dispatchEvent(new CustomEvent("change", { detail: operations }));
    return undo;
  }

  one(operation) {
    if (operation.part === "fields" || operation.part === "title_block") return this.oneOfFields(operation);
    const { op, part, id } = operation;
    if (op === "add") {
      this.lists[part] = [...this.lists[part], byPerson(part, operation.value)];
      return [{ op: "remove", part, id: nameOf(part, operation.value) }];
    }
    if (op === "change") return this.swap(part, this.at(part, id), (old) => byPerson(part, { ...old, ...operation.value }));
    if (op === "put") return this.put(part, operation.value, operation.at);
    if (op === "remove") return this.remove(part, id);
    return operation.ids.flatMap((name) => this.swap(part, this.at(part, name), (old) => asSure(part, old))).reverse();
  }

  at(part, name) {
    const turned = part === "connections" ? name.split("|").reverse().join("|") : name;
    const found = this.list(part).findIndex((e) => nameOf(part, e) === name || nameOf(part, e) === turned);
    if (found < 0) throw new Error(`there is no ${name} among the ${part}`);
    return found;
  }

  swap(part, at, change) {
    const old = this.lists[part][at];
    this.lists[part] = this.lists[part].with(at, change(old));
    return [{ op: "put", part, value: old }];
  }

  put(part, value, at) {
    const name = nameOf(part, value);
    if (at !== undefined && at !== null) {
      this.lists[part] = this.lists[part].toSpliced(at, 0, value);
      return [{ op: "remove", part, id: name }];
    }
    if (this.get(part, name)) return this.swap(part, this.at(part, name), () => value);
    this.lists[part] = [...this.lists[part], value];
    return [{ op: "remove", part, id: name }];
  }

  /** Takes an element away with what hangs on it; what takes that back is in the order to be done. */
  remove(part, name) {
    const at = this.at(part, name);
    const old = this.lists[part][at];
    const undo = [{ op: "put", part, value: old, at }];
    this.lists[part] = this.lists[part].toSpliced(at, 1);
    if (part === "symbols") {
      this.lists.connections.forEach((c, i) => {
        if (c.a === old.id || c.b === old.id) undo.push({ op: "put", part: "connections", value: c, at: i });
      });
      this.lists.connections = this.lists.connections.filter((c) => c.a !== old.id && c.b !== old.id);
    }
    if (part === "lines") {
      this.lists.connections = this.lists.connections.map((c) => {
        if (!c.lines.includes(old.id)) return c;
        undo.push({ op: "put", part: "connections", value: c });
        return { ...c, lines: c.lines.filter((line) => line !== old.id) };
      });
    }
    if (part === "symbols" || part === "lines") {
      this.lists.words = this.lists.words.map((word) => {
        if (word.owner !== old.id) return word;
        undo.push({ op: "put", part: "words", value: word });
        return { ...word, owner: null };
      });
    }
    return undo;
  }

  oneOfFields(operation) {
    const before = this.titleBlock;
    if (operation.part === "title_block") this.titleBlock = operation.value;
    else {
      let fields = [...(before?.fields ?? [])];
      const { op } = operation;
      if (op === "add") fields.push(byPerson("fields", operation.value));
      else if (op === "change") {
        const at = this.at("fields", operation.id);
        fields[at] = byPerson("fields", { ...fields[at], ...operation.value });
      } else if (op === "remove") fields.splice(this.at("fields", operation.id), 1);
      else if (op === "accept") {
        fields = fields.map((f) => (operation.ids.includes(f.name) ? asSure("fields", f) : f));
      } else {
        const at = fields.findIndex((f) => f.name === operation.value.name);
        if (at < 0) fields.push(operation.value);
        else fields[at] = operation.value;
      }
      if (!before && !fields.length) return [];
      this.titleBlock = { ...(before ?? {}), box: before?.box ?? fields[0].box, fields };
    }
    return [{ op: "put", part: "title_block", value: before ?? null }];
  }
}
