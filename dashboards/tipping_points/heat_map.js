// A grid of numbers from 0 to 1 as shaded cells with a contour, drawn as SVG.
const SVG = "http://www.w3.org/2000/svg";
const read = (view) => new Float64Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
function make(kind, attributes, text) {
  const made = document.createElementNS(SVG, kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
const short = (v) => (Number.isFinite(v) ? String(Number(v.toPrecision(3))).replace("-", "−") : "–");
const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
const mix = (hex, share) => `rgb(${rgb(hex).map((c) => Math.round(247 + (c - 247) * share)).join(",")})`;

// Segments of the line at a level through the centers of the cells, by marching squares.
function contour(grid, nx, ny, level) {
  const lines = [];
  for (let j = 0; j + 1 < ny; j++) for (let i = 0; i + 1 < nx; i++) {
    const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], z = corners.map(([a, b]) => grid[b * nx + a]);
    if (!z.every(Number.isFinite)) continue;
    const cuts = [];
    for (let k = 0; k < 4; k++) {
      const a = z[k], b = z[(k + 1) % 4];
      if (a < level === b < level) continue;
      const t = (level - a) / (b - a), [p, q] = [corners[k], corners[(k + 1) % 4]];
      cuts.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
    }
    for (let k = 0; k + 1 < cuts.length; k += 2) lines.push([cuts[k], cuts[k + 1]]);
  }
  return lines;
}

function render({ model, el }) {
  const frame = document.createElement("div"); frame.className = "sp-chart"; frame.tabIndex = 0; frame.setAttribute("role", "img");
  const tip = document.createElement("div"); tip.className = "sp-chart-tip";
  const said = document.createElement("p"); said.className = "sp-hidden"; said.setAttribute("aria-live", "polite");
  let svg = make("svg", {}), at = null, place = null, waiting = false;
  frame.append(svg, tip, said); el.append(frame);

  function draw() {
    waiting = false;
    const grid = read(model.get("data")), xs = model.get("x"), ys = model.get("y"), nx = xs.length, ny = ys.length;
    const w = frame.clientWidth || 480, h = model.get("height"), m = { l: 64, r: 88, t: 12, b: 46 };
    const cw = (w - m.l - m.r) / Math.max(1, nx), ch = (h - m.t - m.b) / Math.max(1, ny);
    // Cells are equally wide whatever the steps of the values: what counts is which were measured.
    const X = (i) => m.l + (i + 0.5) * cw, Y = (j) => h - m.b - (j + 0.5) * ch;
    const next = make("svg", { width: w, height: h, viewBox: `0 0 ${w} ${h}`, "aria-hidden": "true" });
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) {
      const z = grid[j * nx + i], known = Number.isFinite(z);
      next.append(make("rect", { x: X(i) - cw / 2 + 1, y: Y(j) - ch / 2 + 1, width: Math.max(1, cw - 2), height: Math.max(1, ch - 2), rx: 3, class: known ? "sp-tip-cell" : "sp-tip-cell sp-tip-cell-unknown", ...(known ? { fill: mix(model.get("dark"), Math.min(1, Math.max(0, z))) } : {}) }));
    }
    const every = (count, size, room) => Math.max(1, Math.ceil((count * room) / size));
    const ex = every(nx, w - m.l - m.r, 48), ey = every(ny, h - m.t - m.b, 20);
    xs.forEach((v, i) => i % ex || next.append(make("text", { x: X(i), y: h - m.b + 18, class: "sp-chart-tick", "text-anchor": "middle" }, short(v))));
    ys.forEach((v, j) => j % ey || next.append(make("text", { x: m.l - 8, y: Y(j) + 4, class: "sp-chart-tick", "text-anchor": "end" }, short(v))));
    next.append(make("text", { x: (m.l + w - m.r) / 2, y: h - 6, class: "sp-chart-title", "text-anchor": "middle" }, model.get("x_title")));
    next.append(make("text", { x: 12, y: (m.t + h - m.b) / 2, class: "sp-chart-title", "text-anchor": "middle", transform: `rotate(-90 12 ${(m.t + h - m.b) / 2})` }, model.get("y_title")));
    for (const [a, b] of contour(grid, nx, ny, model.get("level"))) for (const width of [5, 2.2])
      next.append(make("line", { x1: X(a[0]), y1: Y(a[1]), x2: X(b[0]), y2: Y(b[1]), stroke: width > 3 ? "#fff" : model.get("ink"), "stroke-width": width, "stroke-linecap": "round" }));
    // The numbers above the line, each in a halo of its cell.
    if (cw > 38 && ch > 20) for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) {
      const z = grid[j * nx + i];
      if (Number.isFinite(z)) next.append(make("text", { x: X(i), y: Y(j) + 4, class: "sp-tip-cell-text", "text-anchor": "middle", stroke: mix(model.get("dark"), Math.min(1, Math.max(0, z))), fill: z > 0.55 ? "#fff" : model.get("ink") }, z.toFixed(2)));
    }
    const left = w - m.r + 22, tall = h - m.t - m.b;
    for (let k = 0; k < 50; k++) next.append(make("rect", { x: left, y: m.t + tall * (1 - (k + 1) / 50), width: 14, height: tall / 50 + 0.6, fill: mix(model.get("dark"), (k + 0.5) / 50) }));
    for (const v of [0, 0.5, 1]) next.append(make("text", { x: left + 20, y: m.t + tall * (1 - v) + 4, class: "sp-chart-tick" }, String(v)));
    const level = m.t + tall * (1 - model.get("level"));
    next.append(make("line", { x1: left - 3, x2: left + 17, y1: level, y2: level, stroke: model.get("ink"), "stroke-width": 2 }));
    next.append(make("text", { x: w - 8, y: m.t + tall / 2, class: "sp-chart-title", "text-anchor": "middle", transform: `rotate(90 ${w - 8} ${m.t + tall / 2})` }, model.get("z_title")));
    svg.replaceWith(next); svg = next; place = { grid, xs, ys, nx, ny, cw, ch, m, w, h, X, Y };
    frame.style.height = h + "px"; frame.setAttribute("aria-label", model.get("summary"));
    frame.dataset.known = grid.filter(Number.isFinite).length;
    point(at, false);
  }
  function point(cell, loud) {
    svg.querySelectorAll(".sp-chart-cursor").forEach((e) => e.remove());
    at = cell;
    if (!cell || !place) { tip.style.display = "none"; return; }
    const [i, j] = cell, { grid, xs, ys, nx, cw, ch, w, X, Y } = place, z = grid[j * nx + i];
    svg.append(make("rect", { x: X(i) - cw / 2 + 1, y: Y(j) - ch / 2 + 1, width: cw - 2, height: ch - 2, rx: 3, fill: "none", stroke: model.get("ink"), "stroke-width": 2, class: "sp-chart-cursor" }));
    const rows = [`${model.get("x_title")}: ${short(xs[i])}`, `${model.get("y_title")}: ${short(ys[j])}`, `${model.get("z_title")}: ${Number.isFinite(z) ? short(z) : "not measured yet"}`];
    tip.replaceChildren(...rows.map((words) => { const row = document.createElement("div"); row.textContent = words; return row; }));
    const right = X(i) > w / 2;
    Object.assign(tip.style, { display: "block", top: Math.max(0, Y(j) - 40) + "px", left: right ? "" : X(i) + cw / 2 + 8 + "px", right: right ? w - X(i) + cw / 2 + 8 + "px" : "" });
    if (loud) said.textContent = rows.join(", ");
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  frame.addEventListener("pointermove", (event) => {
    if (!place) return;
    const box = frame.getBoundingClientRect(), { m, cw, ch, nx, ny, h } = place;
    const i = Math.floor((event.clientX - box.left - m.l) / cw), j = Math.floor((h - m.b - (event.clientY - box.top)) / ch);
    point(i >= 0 && i < nx && j >= 0 && j < ny ? [i, j] : null, false);
  });
  frame.addEventListener("pointerleave", () => point(null, false));
  frame.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], Escape: null }[event.key];
    if (!place || step === undefined) return;
    event.preventDefault();
    if (step === null) { point(null, false); return; }
    const [i, j] = at ? [at[0] + step[0], at[1] + step[1]] : [0, 0];
    point([Math.min(place.nx - 1, Math.max(0, i)), Math.min(place.ny - 1, Math.max(0, j))], true);
  });
  for (const what of ["data", "x", "y", "height", "summary", "x_title", "y_title", "z_title", "level"]) model.on("change:" + what, soon);
  const sizes = new ResizeObserver(soon); sizes.observe(frame); soon();
  return () => { sizes.disconnect(); model.off(null, soon); };
}
export default { render };
