// What a reader sees and touches: the network, a course of time, and the controls.
"use strict";

(() => {
  const $ = (id) => document.getElementById(id);
  const told = Society.unpacked(JSON.parse($("society").textContent));
  const society = new Society(told);
  const network = $("network"), course = $("course");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const SPEEDS = [["A sweep a second", 1 / 60], ["Slow", 0.1], ["A sweep a frame", 1], ["Fast", 4]];
  const LONGEST = 1200; // points of the course; beyond, every other one is dropped
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2]];
  let running = false, due = 0, speed = 0.1, colors = {}, marks = [], places = [], radius = 3;
  let drawn = new Int8Array(told.n), lines = [], stride = 1, spoken = 0, work = [];

  // --- what is measured ---------------------------------------------------------------------
  const camps = told.camps && told.camps.names.length <= 4 ? told.camps : null;
  const ofCamp = (name) => `For, in ${/^[-\d.]+$/.test(name) ? "camp " : ""}${name}`;
  const names = ["Agreement along ties", ...(camps ? camps.names.map(ofCamp) : ["For"])];

  function measured() {
    const { spins } = society, { ends, listeners } = told.network;
    let agree = 0, up = 0;
    const sums = camps ? camps.names.map(() => [0, 0]) : [];
    for (let j = 0; j < told.n; j++) {
      for (let p = ends[j]; p < ends[j + 1]; p++) agree += spins[j] === spins[listeners[p]] ? 1 : 0;
      up += spins[j] > 0 ? 1 : 0;
      if (camps && camps.of[j] >= 0) {
        sums[camps.of[j]][0] += spins[j] > 0 ? 1 : 0;
        sums[camps.of[j]][1]++;
      }
    }
    const ties = listeners.length;
    return {
      up,
      values: [ties ? agree / ties : NaN,
        ...(camps ? sums.map(([part, all]) => part / all) : [up / told.n])],
    };
  }

  function remember(now) {
    if (society.sweep % stride) return;
    lines.push([society.sweep, ...now.values]);
    if (lines.length > LONGEST) { lines = lines.filter((_, k) => k % 2 === 0); stride *= 2; }
  }

  // --- what is drawn ------------------------------------------------------------------------
  function sized(canvas) {
    const ratio = Math.min(devicePixelRatio || 1, 2), box = canvas.getBoundingClientRect();
    const width = Math.round(box.width * ratio), height = Math.round(box.height * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width; canvas.height = height;
    }
    return ratio;
  }

  function mark(up) { // on a disc of the ground's color, which hides what was there before
    const size = 2 * Math.ceil(radius + 2), canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const pen = canvas.getContext("2d");
    const edge = Math.max(1, 0.34 * radius);
    pen.beginPath();
    pen.arc(size / 2, size / 2, radius + 0.9, 0, 2 * Math.PI);
    pen.fillStyle = colors.card;
    pen.fill();
    pen.beginPath();
    pen.arc(size / 2, size / 2, radius, 0, 2 * Math.PI);
    pen.fillStyle = up ? colors.up : colors["down-edge"];
    pen.fill();
    if (!up) {
      pen.beginPath();
      pen.arc(size / 2, size / 2, Math.max(radius - edge, 0.4), 0, 2 * Math.PI);
      pen.fillStyle = colors.down;
      pen.fill();
    }
    return canvas;
  }

  function drawNetwork() { // ties and everybody, after the size or the colors changed
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "muted", "tie", "hostile", "up", "down", "down-edge", "grid", "card"]) {
      colors[name] = style.getPropertyValue(`--${name}`).trim();
    }
    const ratio = sized(network), { width, height } = network;
    const { ends, listeners, values, codes } = told.network;
    radius = ratio * Math.min(9, Math.max(1.6, 0.28 * Math.sqrt(width * height / told.n) / ratio));
    const margin = radius + 8 * ratio, wide = width - 2 * margin, high = height - 2 * margin;
    let lowest = 65535, highest = 0;
    for (let i = 1; i < 2 * told.n; i += 2) {
      lowest = Math.min(lowest, told.places[i]); highest = Math.max(highest, told.places[i]);
    }
    const scale = Math.min(wide, 1.8 * high) / 65535;
    const tall = Math.min(high / Math.max(highest - lowest, 1), 1.6 * scale);
    places = new Float32Array(2 * told.n);
    for (let i = 0; i < told.n; i++) {
      places[2 * i] = width / 2 + (told.places[2 * i] - 32767.5) * scale;
      places[2 * i + 1] = height / 2 - (told.places[2 * i + 1] - (lowest + highest) / 2) * tall;
    }
    const pen = network.getContext("2d", { alpha: false });
    pen.fillStyle = colors.card;
    pen.fillRect(0, 0, width, height);
    pen.lineWidth = Math.max(0.5, 0.6 * ratio);
    pen.globalAlpha = Math.min(0.5, Math.max(0.05, 1800 / Math.max(listeners.length, 1)));
    for (const hostile of [false, true]) {
      pen.strokeStyle = hostile ? colors.hostile : colors.tie;
      pen.beginPath();
      for (let j = 0; j < told.n; j++) {
        for (let p = ends[j]; p < ends[j + 1]; p++) {
          const i = listeners[p];
          if (i < j || (values[codes ? codes[p] : 0] < 0) !== hostile) continue;
          pen.moveTo(places[2 * j], places[2 * j + 1]);
          pen.lineTo(places[2 * i], places[2 * i + 1]);
        }
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
    marks = [mark(false), mark(true)];
    drawn.fill(0);
    drawUsers();
    drawCourse();
    drawSwatches();
  }

  function drawUsers() { // who changed since the last frame
    const pen = network.getContext("2d", { alpha: false }), { spins } = society;
    const half = marks[0].width / 2;
    for (let i = 0; i < told.n; i++) {
      if (spins[i] === drawn[i]) continue;
      drawn[i] = spins[i];
      pen.drawImage(marks[spins[i] > 0 ? 1 : 0], places[2 * i] - half, places[2 * i + 1] - half);
    }
  }

  function drawCourse() {
    const ratio = sized(course), { width, height } = course, pen = course.getContext("2d");
    const left = 46 * ratio, top = 8 * ratio, bottom = height - 20 * ratio, right = width - 8 * ratio;
    pen.clearRect(0, 0, width, height);
    pen.font = `${12 * ratio}px system-ui, sans-serif`;
    pen.fillStyle = colors.muted;
    pen.lineWidth = ratio;
    pen.textAlign = "right"; pen.textBaseline = "middle";
    for (const part of [0, 0.5, 1]) {
      const y = bottom + (top - bottom) * part;
      pen.strokeStyle = colors.grid;
      pen.beginPath(); pen.moveTo(left, y); pen.lineTo(right, y); pen.stroke();
      pen.fillText(`${100 * part} %`, left - 6 * ratio, y);
    }
    const last = Math.max(society.sweep, 20);
    pen.textBaseline = "bottom";
    pen.fillText(`sweep ${last}`, right, height);
    pen.lineWidth = 1.8 * ratio;
    for (let k = names.length; k >= 1; k--) {
      pen.strokeStyle = k === 1 ? colors.muted : tint(k - 2);
      pen.setLineDash((k === 1 ? [2, 3] : DASHES[(k - 2) % DASHES.length]).map((d) => d * ratio));
      pen.beginPath();
      for (const point of lines) {
        if (Number.isNaN(point[k])) continue;
        pen.lineTo(left + (right - left) * point[0] / last, bottom + (top - bottom) * point[k]);
      }
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  function drawSwatches() { // the lines' looks beside their names
    document.querySelectorAll("dt i").forEach((swatch, k) => {
      swatch.style.borderTop = `2px ${k === 0 ? "dotted" : k === 1 ? "solid" : "dashed"} `
        + (k === 0 ? colors.muted : tint(k - 1));
    });
  }

  const tint = (k) => [colors.up, colors["down-edge"], colors.hostile, colors.ink][k % 4];
  const percent = (x) => (Number.isNaN(x) ? "none" : `${Math.round(100 * x)} %`);

  function tell(now, aloud) {
    const cells = [society.sweep, ...now.values.map(percent)];
    document.querySelectorAll("dd").forEach((cell, k) => { cell.textContent = cells[k]; });
    if (!aloud) return;
    const parts = names.map((name, k) => `${name}: ${percent(now.values[k])}`);
    $("said").textContent = `Sweep ${society.sweep}. ${parts.join(". ")}.`;
  }

  // --- what happens -------------------------------------------------------------------------
  function show(aloud) {
    const now = measured();
    if (!lines.length || lines[lines.length - 1][0] !== society.sweep) remember(now);
    drawUsers();
    drawCourse();
    tell(now, aloud);
  }

  function frame(time) {
    if (!running) return;
    const begun = performance.now();
    due = Math.min(due + speed, 8);
    let moved = false;
    for (; due >= 1; due--) { society.advance(); moved = true; }
    if (moved) {
      const aloud = time - spoken > 4000;
      if (aloud) spoken = time;
      show(aloud);
    }
    work.push(performance.now() - begun);
    if (work.length > 600) work.shift();
    requestAnimationFrame(frame);
  }

  function run(on) {
    if (on && !running) { running = true; requestAnimationFrame(frame); } else running = on;
    $("run").textContent = on ? "Pause" : "Run";
    $("run").setAttribute("aria-pressed", String(on));
    if (!on) tell(measured(), true);
  }

  function again() {
    society.restart(Number($("replica").value), Number($("feed").value),
      Number($("strength").value), Number($("temperature").value));
    lines = []; stride = 1;
    drawn.fill(0);
    show(true);
  }

  function wish() {
    const wanted = {
      option: Number($("feed").value), strength: Number($("strength").value),
      temperature: Number($("temperature").value),
    };
    society.want(wanted);
    label();
  }

  function label() {
    const option = told.options[Number($("feed").value)];
    $("strength").disabled = !option.pulls;
    const said = { strength: told.strengths, temperature: told.temperatures };
    for (const [id, values] of Object.entries(said)) {
      const text = id === "strength" && !option.pulls ? "none" : String(values[$(id).value]);
      $(`${id}-said`).textContent = text;
      $(id).setAttribute("aria-valuetext", text);
    }
  }

  function takeHome() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([society.scenario()], { type: "application/toml" }));
    link.download = `${told.name}_sweep_${society.sweep}.toml`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function listed(id, texts, chosen) {
    $(id).replaceChildren(...texts.map((text, k) => new Option(text, k, k === chosen, k === chosen)));
  }

  function bounded(id, values, chosen) {
    Object.assign($(id), { min: 0, max: values.length - 1, step: 1, value: chosen });
    $(id).value = chosen;
  }

  listed("feed", told.options.map((each) => each.name), 0);
  listed("replica", told.keys.map((_, k) => `Course of chance ${k + 1}`), 0);
  listed("speed", SPEEDS.map(([name]) => name), 1);
  bounded("strength", told.strengths, told.strength);
  bounded("temperature", told.temperatures, told.temperature);
  $("numbers").replaceChildren(...["Sweep", ...names].flatMap((name) => {
    const term = document.createElement("dt");
    if (name !== "Sweep") term.append(document.createElement("i"));
    term.append(name);
    return [term, document.createElement("dd")];
  }));
  for (const id of ["feed", "strength", "temperature"]) $(id).addEventListener("input", wish);
  $("speed").addEventListener("input", () => { speed = SPEEDS[Number($("speed").value)][1]; });
  $("replica").addEventListener("input", again);
  $("run").addEventListener("click", () => run(!running));
  $("step").addEventListener("click", () => { run(false); society.advance(); show(true); });
  $("again").addEventListener("click", again);
  $("take").addEventListener("click", takeHome);
  addEventListener("resize", drawNetwork);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawNetwork);
  label();
  drawNetwork();
  show(false);
  run(!calm.matches);
  window.exported = { society, run, frames: () => work.slice() };
})();
