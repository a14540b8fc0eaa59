// Several societies beside each other, small: users by stance, and below each its course beside the first one's.
// Places and ties arrive once; a frame brings one bit per user and the courses so far.
const read = (view, Type) => new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const SHEET = 4000; // ties drawn; on so small a picture more are a gray sheet
const COURSE = 44;

function render({ model, el }) {
  const grid = document.createElement("div"); grid.className = "sp-multiples";
  el.append(grid);
  let panels = [], waiting = false;

  function make() {
    grid.replaceChildren();
    panels = model.get("names").map((name) => {
      const figure = document.createElement("figure"), head = document.createElement("figcaption");
      const title = document.createElement("span"), value = document.createElement("span");
      const net = document.createElement("canvas"), course = document.createElement("canvas");
      figure.className = "sp-multiple"; title.textContent = name; value.className = "sp-multiple-value";
      net.className = "sp-multiple-net"; course.className = "sp-multiple-course";
      net.setAttribute("role", "img"); course.setAttribute("aria-hidden", "true");
      head.append(title, value); figure.append(head, net, course); grid.append(figure);
      return { name, value, net, course, sheet: null };
    });
    watch.disconnect();
    for (const panel of panels) watch.observe(panel.net);
    later();
  }
  function sized(canvas, height) {
    const ratio = window.devicePixelRatio || 1, wide = canvas.clientWidth, tall = height || canvas.clientHeight;
    if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(tall * ratio)) {
      canvas.width = Math.round(wide * ratio); canvas.height = Math.round(tall * ratio);
    }
    const pen = canvas.getContext("2d"); pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [pen, wide, tall];
  }
  // Fills the panel, but never draws one direction more than half as wide again as the other.
  function place(wide, tall, spots) {
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < spots.length; i += 2) {
      left = Math.min(left, spots[i]); right = Math.max(right, spots[i]);
      low = Math.min(low, spots[i + 1]); high = Math.max(high, spots[i + 1]);
    }
    let across = (wide - 14) / ((right - left) || 1), along = (tall - 14) / ((high - low) || 1);
    [across, along] = [Math.min(across, 1.5 * along), Math.min(along, 1.5 * across)];
    return (x, y) => [wide / 2 + (x - (left + right) / 2) * across, tall / 2 - (y - (low + high) / 2) * along];
  }
  function ties(wide, tall) {
    const sheet = document.createElement("canvas"), ratio = window.devicePixelRatio || 1;
    sheet.width = Math.round(wide * ratio); sheet.height = Math.round(tall * ratio);
    const pen = sheet.getContext("2d"); pen.scale(ratio, ratio);
    const spots = read(model.get("positions"), Float32Array), at = place(wide, tall, spots), ends = read(model.get("ties"), Uint32Array);
    const count = ends.length / 2, step = Math.max(1, count / SHEET);
    pen.strokeStyle = model.get("colors").tie; pen.lineWidth = 0.6;
    pen.globalAlpha = Math.max(0.05, Math.min(0.5, 300 / Math.max(1, count / step)));
    pen.beginPath();
    for (let k = 0; k < count; k += step) {
      const [a, b] = [ends[2 * Math.floor(k)], ends[2 * Math.floor(k) + 1]];
      pen.moveTo(...at(spots[2 * a], spots[2 * a + 1])); pen.lineTo(...at(spots[2 * b], spots[2 * b + 1]));
    }
    pen.stroke();
    return sheet;
  }
  function draw() {
    waiting = false;
    const bits = read(model.get("stances"), Uint8Array), users = model.get("users"), colors = model.get("colors");
    const spots = read(model.get("positions"), Float32Array), row = Math.ceil(users / 8), steps = model.get("steps");
    const courses = read(model.get("courses"), Float32Array), now = model.get("now");
    const [low, high] = model.get("range");
    panels.forEach((panel, k) => {
      const [pen, wide, tall] = sized(panel.net);
      if (wide < 10) return;
      const key = `${wide}x${tall}`, at = place(wide, tall, spots);
      if (panel.key !== key) { panel.sheet = ties(wide, tall); panel.key = key; }
      pen.clearRect(0, 0, wide, tall); pen.drawImage(panel.sheet, 0, 0, wide, tall);
      const about = model.get("shown").byteLength ? read(model.get("shown"), Uint8Array) : null;
      const isAbout = (i) => !about || ((about[k * row + (i >> 3)] >> (7 - (i & 7))) & 1);
      const radius = Math.max(1, Math.min(5, 0.3 * Math.sqrt(wide * tall / Math.max(users, 1))));
      let up = 0, here = 0;
      if (about) {
        // Whom a panel is not about is there still, as a speck without a stance.
        pen.beginPath();
        for (let i = 0; i < users; i++) {
          if (isAbout(i)) continue;
          const [x, y] = at(spots[2 * i], spots[2 * i + 1]), speck = Math.max(0.7, 0.35 * radius);
          pen.moveTo(x + speck, y); pen.arc(x, y, speck, 0, 2 * Math.PI);
        }
        pen.fillStyle = colors.muted; pen.fill();
      }
      for (const side of [0, 1]) {
        pen.beginPath();
        for (let i = 0; i < users; i++) {
          const stance = (bits[k * row + (i >> 3)] >> (7 - (i & 7))) & 1;
          if (stance !== side || !isAbout(i)) continue;
          const [x, y] = at(spots[2 * i], spots[2 * i + 1]);
          pen.moveTo(x + radius, y); pen.arc(x, y, radius, 0, 2 * Math.PI);
          up += side; here++;
        }
        // For: a full dark disc. Against: a light disc in a ring.
        pen.fillStyle = side ? colors.up : colors.down; pen.fill();
        if (!side) { pen.strokeStyle = colors.down_edge; pen.lineWidth = radius > 2 ? 1.2 : 0.7; pen.stroke(); }
      }
      const value = courses[k * steps + now];
      panel.value.textContent = Number.isFinite(value) ? value.toFixed(2) : "";
      panel.net.setAttribute("aria-label",
        `${panel.name} at sweep ${model.get("sweep")}: ${up} for, ${here - up} against; ${model.get("observable")} ${panel.value.textContent}`);
      const [line, broad] = sized(panel.course, COURSE);
      line.clearRect(0, 0, broad, COURSE);
      const x = (i) => 1 + (broad - 3) * i / Math.max(1, steps - 1);
      const y = (v) => COURSE - 5 - (COURSE - 10) * (v - low) / (high - low || 1);
      const trace = (which, color, width) => {
        line.beginPath(); line.strokeStyle = color; line.lineWidth = width;
        for (let i = 0; i <= now; i++) { const v = courses[which * steps + i]; if (Number.isFinite(v)) line.lineTo(x(i), y(v)); }
        line.stroke();
      };
      line.strokeStyle = colors.rule; line.lineWidth = 1; line.beginPath();
      if (low <= 0 && high >= 0) { line.moveTo(0, y(0)); line.lineTo(broad, y(0)); } line.stroke();
      if (k > 0) trace(0, colors.muted, 1.2);
      trace(k, k > 0 ? colors.line : colors.ink, 2);
    });
  }
  // Where less motion is asked for, a picture every other second.
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  function later() {
    if (waiting) return;
    waiting = true;
    if (calm.matches) setTimeout(draw, 2000); else requestAnimationFrame(draw);
  }
  const watch = new ResizeObserver(later);
  model.on("change:names", make); model.on("change:positions change:ties", make);
  model.on("change:stances change:courses change:now change:range change:shown", later);
  make();
  return () => watch.disconnect();
}
export default { render };
