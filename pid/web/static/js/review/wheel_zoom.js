// Zooming by the wheel at once, without Leaflet's wait and animation: each frame shows where the wheel has got to, as
// when two fingers zoom. Tiles and overlays of the new zoom are fetched and drawn when the wheel rests.

/* global L */

const PIXELS_A_ZOOM = 140; // turned by the wheel to double the scale
const REST_MS = 140;

export function bindWheel(map) {
  let frame = 0;
  let rest = 0;
  let goal = null; // {zoom, at: where the pointer is, in the map's container}

  const show = () => {
    frame = 0;
    const middle = map.getSize().divideBy(2);
    const shift = goal.at.subtract(middle).multiplyBy(1 - 1 / map.getZoomScale(goal.zoom));
    map._move(map.containerPointToLatLng(middle.add(shift)), goal.zoom, { pinch: true }); // tiles stay as they are
  };

  const end = () => {
    if (frame) {
      cancelAnimationFrame(frame);
      show();
    }
    goal = null;
    map.getContainer().classList.remove("wheeling");
    map.fire("zoom"); // tiles of the new zoom
    map._moveEnd(true);
  };

  map.getContainer().addEventListener("wheel", (event) => {
    event.preventDefault();
    if (!goal) {
      map.stop();
      map._moveStart(true, false);
      map.getContainer().classList.add("wheeling");
      goal = { zoom: map.getZoom() };
    }
    const turned = L.DomEvent.getWheelDelta(event) / PIXELS_A_ZOOM;
    goal.zoom = Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), goal.zoom + turned));
    goal.at = map.mouseEventToContainerPoint(event);
    frame ||= requestAnimationFrame(show);
    clearTimeout(rest);
    rest = setTimeout(end, REST_MS);
  }, { passive: false });
}
