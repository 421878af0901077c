// A cut-out of the sheet drawn from its tiles, which the browser mostly has already.

const SIDE_PX = 132; // of the cut-out on the screen
const AROUND = 0.55; // share of the box's longer side shown on each side of it
const LEAST_AROUND_PX = 24;

/** Draws the surroundings of `box` with the box marked into `canvas`. */
export function drawCrop(canvas, page, box) {
  const side = Math.max(box[2] - box[0], box[3] - box[1]);
  const reach = side / 2 + Math.max(side * AROUND, LEAST_AROUND_PX);
  const [cx, cy] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const size = SIDE_PX * ratio;
  canvas.width = size;
  canvas.height = size;
  const scale = size / (2 * reach); // canvas pixels a sheet pixel
  const zoom = Math.max(0, Math.min(page.deepest_zoom, page.deepest_zoom + Math.ceil(Math.log2(scale))));
  const span = page.tile_px * 2 ** (page.deepest_zoom - zoom); // sheet pixels a tile
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size, size);
  const order = (canvas.order = (canvas.order ?? 0) + 1);
  const mark = () => {
    context.strokeStyle = "#c96a00";
    context.lineWidth = 2 * ratio;
    context.strokeRect(
      (box[0] - cx + reach) * scale, (box[1] - cy + reach) * scale, (box[2] - box[0]) * scale, (box[3] - box[1]) * scale,
    );
  };
  const last = (length) => Math.ceil(length / span) - 1;
  for (let column = Math.max(0, Math.floor((cx - reach) / span)); column <= Math.min((cx + reach) / span, last(page.width)); column += 1) {
    for (let row = Math.max(0, Math.floor((cy - reach) / span)); row <= Math.min((cy + reach) / span, last(page.height)); row += 1) {
      const picture = new Image();
      picture.onload = () => {
        if (canvas.order !== order) return; // another box is shown by now
        const [x, y] = [(column * span - cx + reach) * scale, (row * span - cy + reach) * scale];
        const unit = (span * scale) / page.tile_px;
        context.drawImage(picture, x, y, picture.naturalWidth * unit, picture.naturalHeight * unit);
        mark();
      };
      picture.src = page.tiles.replace("{z}", zoom).replace("{x}", column).replace("{y}", row);
    }
  }
  mark();
}
