// What a person wants, as operations on the drawing (see model.js for what they are).

export const newLine = (id, points) => ({
  id, points, kind: "process", style: "solid", line_number: null, direction: "unknown", score: 1,
});
export const newConnection = (a, b) => ({ a, b, kind: "process", directed: false, lines: [], score: 1 });
export const newSymbol = (id, box, kind, group) => ({
  id, box, kind, group, rotation: 0, mirrored: false, tag: null, score: 1, found_by: ["person"], ports: [], attributes: {},
});
export const newWord = (id, box, text) => ({
  id, box, text, angle: box[3] - box[1] > 1.6 * (box[2] - box[0]) ? 90 : 0, score: 1, owner: null,
});

/** A moved or resized element; ports of a symbol go along with its box. */
export function reshape(model, part, element, shape) {
  const value = { ...shape };
  if (part === "symbols") value.ports = element.ports.map((port) => carried(port, element.box, shape.box));
  return [{ op: "change", part, id: element.id, value }];
}

function carried([x, y], from, to) {
  const along = (v, a0, a1, b0, b1) => b0 + ((v - a0) / (a1 - a0 || 1)) * (b1 - b0);
  return [along(x, from[0], from[2], to[0], to[2]), along(y, from[1], from[3], to[1], to[3])];
}

/**
 * A symbol named otherwise: what it was called joins the runners-up, so that a slip is one key away from being mended.
 * Its ports belonged to the other kind and go.
 */
export function rename(symbol, kind, group) {
  const others = runnersUp(symbol).filter((runner) => runner.kind !== kind);
  const runners = [[symbol.kind, symbol.attributes.kind_score ?? symbol.score], ...others.map((r) => [r.kind, r.score])];
  const attributes = { ...symbol.attributes, kind_score: 1, runners_up: runners.filter(([k]) => k !== kind) };
  delete attributes.review;
  return [{ op: "change", part: "symbols", id: symbol.id, value: { kind, group, attributes } }];
}

/** Other kinds that a symbol may be: [{kind, score}], the likeliest first. */
export function runnersUp(symbol) {
  const listed = Array.isArray(symbol.attributes?.runners_up) ? symbol.attributes.runners_up : [];
  const also = /^also taken for (\S+)$/.exec(symbol.attributes?.review ?? "")?.[1];
  const runners = listed.map(([kind, score]) => ({ kind, score }));
  if (also && !runners.some((runner) => runner.kind === also)) runners.unshift({ kind: also, score: null });
  return runners.filter((runner) => runner.kind !== symbol.kind);
}

/** A line cut in two at the place of it nearest to `place`; connections and lettering of the one belong to both parts. */
export function splitLine(model, line, place) {
  const cut = nearest(line.points, place);
  const parts = [model.freeId("l"), model.freeId("l")];
  const halves = [[...line.points.slice(0, cut.after + 1), cut.point], [cut.point, ...line.points.slice(cut.after + 1)]];
  const clean = halves.map((points) => points.filter((p, i) => !i || p[0] !== points[i - 1][0] || p[1] !== points[i - 1][1]));
  if (clean.some((points) => points.length < 2)) return { operations: [], parts };
  const operations = clean.map((points, i) => ({ op: "put", part: "lines", value: { ...line, id: parts[i], points } }));
  for (const c of model.list("connections").filter((c) => c.lines.includes(line.id))) {
    operations.push({ op: "put", part: "connections", value: { ...c, lines: c.lines.flatMap((id) => (id === line.id ? parts : [id])) } });
  }
  for (const word of model.list("words").filter((w) => w.owner === line.id)) {
    operations.push({ op: "put", part: "words", value: { ...word, owner: parts[nearerPart(clean, word.box)] } });
  }
  operations.push({ op: "remove", part: "lines", id: line.id });
  return { operations, parts };
}

function nearerPart(halves, box) {
  const centre = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return nearest(halves[0], centre).distance <= nearest(halves[1], centre).distance ? 0 : 1;
}

/** The place of a polyline nearest to a place: {point, after: index of the point before it, distance}. */
function nearest(points, [x, y]) {
  let best = { distance: Infinity };
  for (let i = 0; i + 1 < points.length; i += 1) {
    const [[ax, ay], [bx, by]] = [points[i], points[i + 1]];
    const length = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
    const share = Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    const point = [ax + share * (bx - ax), ay + share * (by - ay)];
    const distance = Math.hypot(point[0] - x, point[1] - y);
    if (distance < best.distance) best = { point, after: i, distance };
  }
  return best;
}
