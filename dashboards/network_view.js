// The network as WebGL 2 draws it. Places and ties arrive once; a frame brings one byte per user.
// Which ties are walls follows from the stances, and is found here. All ties lie faintly on a sheet that
// is drawn anew only when the view moves; a frame is that sheet, the walls on it, and the users.
const PLACE = `#version 300 es
precision highp float; in vec2 place; uniform vec2 scale, shift;`;
const TIES = [`${PLACE} void main() { gl_Position = vec4(place * scale + shift, 0.0, 1.0); }`, `#version 300 es
precision highp float; uniform vec4 color; out vec4 o; void main() { o = color; }`];
const USERS = [`${PLACE}
in float state; uniform float size; uniform bool chosen; flat out int s;
void main() {
  s = int(state);
  bool marked = (s & 6) != 0;
  gl_Position = marked == chosen ? vec4(place * scale + shift, 0.0, 1.0) : vec4(2.0, 2.0, 0.0, 1.0);
  gl_PointSize = size * (marked ? 1.3 : 1.0);
}`, `#version 300 es
precision highp float; flat in int s; uniform vec3 up, down, edge, ink; uniform float size; out vec4 o;
void main() {
  vec2 d = gl_PointCoord - 0.5;
  float r = 2.0 * length(d), soft = 1.8 / size, cover = 1.0 - smoothstep(1.0 - soft, 1.0, r);
  // For: a full dark disc. Against: a light disc in a ring, a thin one where discs are small.
  vec3 fill = (s & 1) == 1 ? up : r > (size < 5.0 ? 0.8 : 0.58) ? edge : down;
  if ((s & 2) != 0 && r > 0.72) fill = ink;                   // chosen by the reader
  if ((s & 4) != 0 && r > 0.72) fill = vec3(0.0, 0.52, 0.38); // pointed out by the page
  o = vec4(fill, cover);
}`];
const read = (view, Type) => new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);

function program(gl, [vertex, fragment]) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text); gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  return { made, at: (name) => gl.getUniformLocation(made, name), slot: (name) => gl.getAttribLocation(made, name) };
}

function element(kind, css, text) {
  const made = document.createElement(kind);
  if (css) made.className = css;
  if (text) made.textContent = text;
  return made;
}

function render({ model, el }) {
  const frame = element("div", "sp-network");
  const canvas = element("canvas", "sp-network-canvas");
  const label = element("div", "sp-network-label");
  const box = element("div", "sp-network-box");
  const keys = element("div", "sp-network-keys");
  const said = element("p", "sp-hidden"); said.setAttribute("aria-live", "polite");
  canvas.tabIndex = 0; canvas.setAttribute("role", "img");
  frame.append(canvas, label, box, keys, said); el.append(frame);
  frame.style.height = model.get("height") + "px";
  const name = () => canvas.setAttribute("aria-label", model.get("summary"));
  name();

  // No alpha channel: with one, faint ties would mix with the page instead of with each other.
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false });
  if (!gl) {
    const words = element("p", "sp-network-words");
    const say = () => { words.textContent = model.get("summary") + " This browser cannot draw the network (no WebGL 2); all numbers beside it are complete."; };
    say(); frame.replaceChildren(words); model.on("change:summary", say);
    return () => model.off("change:summary", say);
  }
  const colors = model.get("colors");
  let tie, user, buffers, places, states, ends, signs, order, ties = 0, n = 0, walls = 0, version = 0, sheet = "";
  let zoom = 1, middle = [0, 0], extent = [1, 1], waiting = false, gone = false, hovered = -1;

  function build() {
    tie = program(gl, TIES); user = program(gl, USERS);
    buffers = { places: gl.createBuffer(), states: gl.createBuffer(), ends: gl.createBuffer(), order: gl.createBuffer(), lines: gl.createVertexArray(), walls: gl.createVertexArray(), dots: gl.createVertexArray(), sheet: gl.createFramebuffer(), paper: gl.createRenderbuffer() };
    sheet = "";
    for (const [array, which] of [[buffers.lines, tie], [buffers.walls, tie], [buffers.dots, user]]) {
      gl.bindVertexArray(array);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers.places);
      gl.enableVertexAttribArray(which.slot("place")); gl.vertexAttribPointer(which.slot("place"), 2, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.states);
    gl.enableVertexAttribArray(user.slot("state")); gl.vertexAttribPointer(user.slot("state"), 1, gl.UNSIGNED_BYTE, false, 0, 0);
    gl.bindVertexArray(buffers.lines); gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.ends);
    gl.bindVertexArray(buffers.walls); gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.order); gl.bindVertexArray(null);
    network(); stances();
  }
  function network() {
    places = read(model.get("positions"), Float32Array); n = places.length / 2; extent = extents();
    ends = read(model.get("ties"), Uint32Array); signs = read(model.get("signs"), Int8Array);
    ties = ends.length / 2; order = new Uint32Array(2 * ties);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.places); gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.bindVertexArray(buffers.lines); gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, ends, gl.STATIC_DRAW); gl.bindVertexArray(null);
    version += 1;
  }
  function stances() {
    const spins = read(model.get("spins"), Int8Array);
    states = new Uint8Array(n);
    for (let i = 0; i < n; i++) states[i] = spins[i] > 0 ? 1 : 0;
    for (const i of model.get("selected")) if (i < n) states[i] |= 2;
    for (const i of read(model.get("marked"), Uint32Array)) if (i < n) states[i] |= 4;
    walls = 0;
    for (let t = 0; t < ties; t++) {
      const a = ends[2 * t], b = ends[2 * t + 1], unlike = ((states[a] ^ states[b]) & 1) === 1;
      if (unlike === signs[t] >= 0) { order[walls++] = a; order[walls++] = b; }
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.states); gl.bufferData(gl.ARRAY_BUFFER, states, gl.DYNAMIC_DRAW);
    gl.bindVertexArray(buffers.walls); gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, order.subarray(0, walls), gl.DYNAMIC_DRAW); gl.bindVertexArray(null);
  }
  function extents() {
    let ex = 1e-6, ey = 1e-6;
    for (let i = 0; i < n; i++) { ex = Math.max(ex, Math.abs(places[2 * i])); ey = Math.max(ey, Math.abs(places[2 * i + 1])); }
    return [ex, ey];
  }
  const ratio = () => Math.min(2, window.devicePixelRatio || 1);
  function view() {
    const w = canvas.clientWidth || 1, h = canvas.clientHeight || 1, margin = 0.94;
    // One scale for both axes, then each axis stretched a little to use the card it is in.
    const unit = Math.min((margin * w) / extent[0], (margin * h) / extent[1]);
    const stretch = (room, size) => Math.min(1.5, Math.max(1, (margin * room) / size / unit));
    const sx = (zoom * unit * stretch(w, extent[0])) / w, sy = (zoom * unit * stretch(h, extent[1])) / h;
    return { w, h, sx, sy, shift: [-middle[0] * sx, -middle[1] * sy] };
  }
  const size = () => Math.max(2.2, Math.min(26, (model.get("size") || Math.max(3, Math.min(12, 280 / Math.sqrt(n || 1)))) * Math.pow(zoom, 0.6)));
  function uniforms(which, v) {
    gl.useProgram(which.made);
    gl.uniform2f(which.at("scale"), v.sx, v.sy); gl.uniform2f(which.at("shift"), ...v.shift);
  }
  function draw() {
    waiting = false;
    if (gone || gl.isContextLost()) return;
    const v = view(), k = ratio(), w = Math.round(v.w * k), h = Math.round(v.h * k);
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    gl.viewport(0, 0, w, h);
    gl.enable(gl.BLEND); gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    uniforms(tie, v);
    // So faint that even in the thick of it ties do not become one gray patch.
    const layers = (0.25 * ties) / Math.max(1, Math.min(v.w, v.h) * zoom), faint = Math.max(0.05, Math.min(0.5, 1.2 / layers));
    const lines = (array, count, hex, share) => {
      gl.bindVertexArray(array); gl.uniform4f(tie.at("color"), ...rgb(hex), share);
      gl.drawElements(gl.LINES, count, gl.UNSIGNED_INT, 0);
    };
    const now = [w, h, zoom, ...middle, version].join();
    if (now !== sheet) {
      gl.bindFramebuffer(gl.FRAMEBUFFER, buffers.sheet); gl.bindRenderbuffer(gl.RENDERBUFFER, buffers.paper);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, w, h);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, buffers.paper);
      gl.clearColor(1, 1, 1, 1); gl.clear(gl.COLOR_BUFFER_BIT);
      lines(buffers.lines, 2 * ties, colors.tie, faint); sheet = now;
    }
    // A browser that has shown a frame empties the canvas at the next drawing, not at a copy: empty it first.
    gl.bindFramebuffer(gl.FRAMEBUFFER, null); gl.clearColor(1, 1, 1, 1); gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, buffers.sheet); gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    gl.blitFramebuffer(0, 0, w, h, 0, 0, w, h, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    lines(buffers.walls, walls, colors.wall, Math.min(0.6, 1.6 * faint));
    uniforms(user, v); gl.bindVertexArray(buffers.dots);
    gl.uniform1f(user.at("size"), size() * k);
    for (const [key, hex] of [["up", colors.up], ["down", colors.down], ["edge", colors.down_edge], ["ink", colors.ink]]) gl.uniform3f(user.at(key), ...rgb(hex));
    for (const chosen of [0, 1]) { gl.uniform1i(user.at("chosen"), chosen); gl.drawArrays(gl.POINTS, 0, n); }
    gl.bindVertexArray(null);
    canvas.dataset.frames = 1 + Number(canvas.dataset.frames || 0);
  }
  const soon = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  // From a place in the canvas to a place in the network, and to the nearest user.
  function inside(x, y) {
    const v = view();
    return [((2 * x) / v.w - 1 - v.shift[0]) / v.sx, (1 - (2 * y) / v.h - v.shift[1]) / v.sy];
  }
  function nearest(x, y) {
    const v = view(), [px, py] = inside(x, y), reach = size() / 2 + 5;
    let best = -1, least = reach * reach;
    for (let i = 0; i < n; i++) {
      const dx = (places[2 * i] - px) * v.sx * v.w / 2, dy = (places[2 * i + 1] - py) * v.sy * v.h / 2, d = dx * dx + dy * dy;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }
  function choose(users, words) {
    model.set("selected", users); model.save_changes(); stances(); soon();
    said.textContent = words;
  }
  function zoomed(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const before = inside(x, y);
    zoom = Math.max(0.5, Math.min(80, zoom * factor));
    const after = inside(x, y);
    middle = [middle[0] + before[0] - after[0], middle[1] + before[1] - after[1]]; soon();
  }
  function moved(dx, dy) { const v = view(); middle = [middle[0] - (2 * dx) / v.w / v.sx, middle[1] + (2 * dy) / v.h / v.sy]; soon(); }
  function whole() { zoom = 1; middle = [0, 0]; soon(); }

  const place = (event) => { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
  const pointers = new Map();
  let start = null, boxing = false, far = false, picking = false;
  const on = {
    pointerdown(event) {
      if (event.button > 0) return;
      canvas.setPointerCapture(event.pointerId); pointers.set(event.pointerId, place(event));
      start = place(event); far = pointers.size > 1; boxing = model.get("selectable") && (event.shiftKey || picking);
    },
    pointermove(event) {
      const now = place(event), last = pointers.get(event.pointerId);
      if (!last) { point(now); return; }
      if (Math.hypot(now[0] - start[0], now[1] - start[1]) > 4) far = true;
      if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const gap = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
        zoomed(gap(now) / Math.max(1, gap(last)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      } else if (boxing && far) {
        const [x0, x1] = [start[0], now[0]].sort((a, b) => a - b), [y0, y1] = [start[1], now[1]].sort((a, b) => a - b);
        Object.assign(box.style, { display: "block", left: x0 + "px", top: y0 + "px", width: x1 - x0 + "px", height: y1 - y0 + "px" });
      } else if (far) moved(now[0] - last[0], now[1] - last[1]);
      pointers.set(event.pointerId, now);
    },
    pointerup(event) {
      const now = place(event); if (!pointers.delete(event.pointerId) || !start) return;
      if (boxing && far) {
        const a = inside(...start), b = inside(...now), found = [];
        const [x0, x1] = [a[0], b[0]].sort((p, q) => p - q), [y0, y1] = [a[1], b[1]].sort((p, q) => p - q);
        for (let i = 0; i < n; i++) if (places[2 * i] >= x0 && places[2 * i] <= x1 && places[2 * i + 1] >= y0 && places[2 * i + 1] <= y1) found.push(i);
        choose(found, found.length + " users chosen");
      } else if (!far && model.get("selectable")) {
        const i = nearest(...now), held = model.get("selected");
        if (i >= 0) {
          const more = event.shiftKey || event.ctrlKey || event.metaKey || picking;
          const next = held.includes(i) ? held.filter((j) => j !== i) : more ? [...held, i] : [i];
          choose(next, next.includes(i) ? words(i) + " chosen" : words(i) + " left out");
        } else if (!picking && held.length) choose([], "nobody chosen");
      }
      box.style.display = "none"; boxing = false; if (!pointers.size) start = null;
    },
    pointercancel(event) { pointers.delete(event.pointerId); box.style.display = "none"; start = null; },
    pointerleave() { point(null); },
    wheel(event) { event.preventDefault(); zoomed(Math.exp(-event.deltaY * 0.0015), ...place(event)); },
    keydown(event) {
      const act = { "+": () => zoomed(1.25), "=": () => zoomed(1.25), "-": () => zoomed(0.8), "0": whole, ArrowLeft: () => moved(40, 0), ArrowRight: () => moved(-40, 0), ArrowUp: () => moved(0, 40), ArrowDown: () => moved(0, -40), Escape: () => model.get("selected").length && choose([], "nobody chosen") }[event.key];
      if (act) { event.preventDefault(); act(); }
    },
    webglcontextlost(event) { event.preventDefault(); },
    webglcontextrestored() { build(); soon(); },
  };
  for (const [kind, act] of Object.entries(on)) canvas.addEventListener(kind, act, kind === "wheel" ? { passive: false } : undefined);

  const names = () => { const text = model.get("labels"); return text ? text.split("\n") : []; };
  let labels = names();
  const words = (i) => labels[i] || "user " + i;
  function point(at) {
    const i = at ? nearest(...at) : -1;
    if (i < 0) { hovered = -1; label.style.display = "none"; return; }
    if (i !== hovered) { hovered = i; label.textContent = words(i) + (states[i] & 1 ? " · for" : " · against"); }
    const right = at[0] > canvas.clientWidth - 170;
    Object.assign(label.style, { display: "block", left: right ? "" : at[0] + 14 + "px", right: right ? canvas.clientWidth - at[0] + 14 + "px" : "", top: Math.max(4, at[1] - 12) + "px" });
  }
  for (const [text, words, act] of [["+", "Zoom in", () => zoomed(1.4)], ["−", "Zoom out", () => zoomed(0.7)], ["◻", "Show everyone", whole]]) {
    const key = element("button", "sp-network-key", text); key.type = "button"; key.title = words; key.setAttribute("aria-label", words);
    key.addEventListener("click", act); keys.append(key);
  }
  if (model.get("selectable")) {
    const key = element("button", "sp-network-key", "⬚"); key.type = "button"; key.title = "Choose users: click, or draw a box (also: Shift and drag)"; key.setAttribute("aria-label", key.title); key.setAttribute("aria-pressed", "false");
    key.addEventListener("click", () => { picking = !picking; key.setAttribute("aria-pressed", String(picking)); canvas.style.cursor = picking ? "crosshair" : ""; }); keys.append(key);
  }

  const follow = {
    "change:positions": () => { whole(); network(); stances(); soon(); },
    "change:ties": () => { network(); stances(); soon(); }, "change:signs": () => { network(); stances(); soon(); },
    "change:spins": () => { stances(); soon(); }, "change:selected": () => { stances(); soon(); }, "change:marked": () => { stances(); soon(); },
    "change:labels": () => { labels = names(); }, "change:summary": name,
    "change:height": () => { frame.style.height = model.get("height") + "px"; soon(); }, "change:size": soon,
  };
  build();
  for (const [kind, act] of Object.entries(follow)) model.on(kind, act);
  const sizes = new ResizeObserver(soon); sizes.observe(canvas); soon();
  return () => {
    gone = true; sizes.disconnect();
    for (const [kind, act] of Object.entries(follow)) model.off(kind, act);
    gl.getExtension("WEBGL_lose_context")?.loseContext();
  };
}
export default { render };
