"use strict";

// Query i attends to key j; weights of a row lie side by side, largest first. Nothing is ever put in as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const canvas = byId("canvas");
const context = canvas.getContext("2d");

const MAX_LINES = 4000; // At once.
const LINES_PER_NODE = 5; // Of the whole graph; more hide each other.
const MAX_INPUT_EDGES = 20000;
const LIST_LENGTH = 12;
const MAX_PATHS = 20;
const SMALLEST_WEIGHT = 1e-6; // At the left end of the slider, next to 0.
const COLORS = ["#3b78c2", "#e07b1a", "#2e9e5b", "#d6413e", "#8e5bc0", "#17a2a8", "#9a6a3f", "#df6fb0", "#8f9a1f", "#808a94"];

// ---- Data

function decode({ type, data: text }) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  const types = { Float32Array, Uint8Array, Uint16Array, Uint32Array, Int8Array };
  return new types[type](bytes.buffer);
}

const x = decode(data.x);
const y = decode(data.y);
const labels = decode(data.labels);
const predictions = data.predictions && decode(data.predictions);
const partOf = decode(data.partOf);
const edgeStarts = decode(data.edgeStarts);
const edgeEnds = decode(data.edgeEnds);
const numNodes = labels.length;
const EVEN_SHARE = 0.999 / numNodes; // Of a row, less what rounding may take.
const graphs = new Array(data.graphs.length);

function graphAt(place) {
  if (!graphs[place]) {
    const { name, ...encoded } = data.graphs[place];
    const graph = { name };
    for (const key in encoded) graph[key] = decode(encoded[key]);
    graphs[place] = graph;
  }
  return graphs[place];
}

function rowOf(graph, query) {
  const entries = [];
  for (let e = graph.starts[query]; e < graph.starts[query + 1]; e++) {
    entries.push({ from: query, to: graph.keys[e], weight: graph.weights[e] });
  }
  return entries;
}

function columnOf(graph, key) {
  if (!graph.columns) {
    // Entries sorted by key, found by counting.
    const starts = new Uint32Array(numNodes + 1);
    for (const each of graph.keys) starts[each + 1]++;
    for (let node = 0; node < numNodes; node++) starts[node + 1] += starts[node];
    const next = starts.slice();
    const queries = new Uint32Array(graph.keys.length);
    const weights = new Float32Array(graph.keys.length);
    for (let query = 0; query < numNodes; query++) {
      for (let e = graph.starts[query]; e < graph.starts[query + 1]; e++) {
        const place = next[graph.keys[e]]++;
        queries[place] = query;
        weights[place] = graph.weights[e];
      }
    }
    graph.columns = { starts, queries, weights };
  }
  const { starts, queries, weights } = graph.columns;
  const entries = [];
  for (let e = starts[key]; e < starts[key + 1]; e++) entries.push({ from: queries[e], to: key, weight: weights[e] });
  return entries.sort((a, b) => b.weight - a.weight || a.from - b.from);
}

function weightOf(graph, query, key) {
  for (let e = graph.starts[query]; e < graph.starts[query + 1]; e++) {
    if (graph.keys[e] === key) return graph.weights[e];
  }
  return 0;
}

// The strongest entries between different nodes, and the weights of all of them in ascending order.
function overviewOf(graph) {
  if (!graph.overview) {
    const weights = [];
    for (let query = 0; query < numNodes; query++) {
      for (let e = graph.starts[query]; e < graph.starts[query + 1]; e++) {
        if (graph.keys[e] !== query) weights.push(graph.weights[e]);
      }
    }
    const sorted = Float32Array.from(weights).sort();
    const most = Math.min(MAX_LINES, LINES_PER_NODE * numNodes);
    const least = sorted.length > most ? sorted[sorted.length - most] : 0;
    const lines = [];
    for (let query = 0; query < numNodes; query++) {
      for (let e = graph.starts[query]; e < graph.starts[query + 1] && graph.weights[e] >= least; e++) {
        if (graph.keys[e] !== query) lines.push({ from: query, to: graph.keys[e], weight: graph.weights[e] });
      }
    }
    lines.sort((a, b) => b.weight - a.weight);
    lines.length = Math.min(lines.length, most);
    graph.overview = { sorted, lines, largest: sorted[sorted.length - 1] ?? 1 };
  }
  return graph.overview;
}

function countFrom(sorted, minimum) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < minimum) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

function isInputEdge(sender, receiver) {
  let low = edgeStarts[sender];
  let high = edgeStarts[sender + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edgeEnds[middle] < receiver) low = middle + 1;
    else high = middle;
  }
  return low < edgeStarts[sender + 1] && edgeEnds[low] === receiver;
}

// The strongest ways from query to key, through the last layer first, among stored entries; and the sum over all ways.
function findPaths(query, key) {
  const known = new Map();
  function pathsFrom(layer, node) {
    const place = layer * numNodes + node;
    if (known.has(place)) return known.get(place);
    const graph = graphAt(layer);
    const found = { paths: [], count: 0, total: 0 };
    if (layer === 1) {
      const weight = weightOf(graph, node, key);
      if (weight > 0) Object.assign(found, { paths: [{ nodes: [node, key], weights: [weight], weight }], count: 1, total: weight });
    } else {
      for (let e = graph.starts[node]; e < graph.starts[node + 1]; e++) {
        const first = graph.weights[e];
        const rest = pathsFrom(layer - 1, graph.keys[e]);
        found.count += rest.count;
        found.total += first * rest.total;
        for (const path of rest.paths) {
          found.paths.push({ nodes: [node, ...path.nodes], weights: [first, ...path.weights], weight: first * path.weight });
        }
      }
      found.paths.sort((a, b) => b.weight - a.weight);
      found.paths.length = Math.min(found.paths.length, MAX_PATHS);
    }
    known.set(place, found);
    return found;
  }
  return pathsFrom(data.numLayers, query);
}

// ---- Names and numbers

const nameOf = (node) => (data.nodeNames ? `${data.nodeNames[node]} (${node})` : `Node ${node}`);
const shortNameOf = (node) => (data.nodeNames ? nameOf(node) : String(node));
const format = (weight) => (weight === 0 ? "0" : weight >= 0.001 ? weight.toPrecision(3) : weight.toExponential(1));
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const className = (place) => data.classNames[place] ?? String(place);

// ---- State, which the address keeps

const colorings = { class: "class" };
if (predictions) Object.assign(colorings, { predicted: "predicted class", correct: "right or wrong prediction" });
if (data.parts.length) colorings.part = "part of the split";
colorings.received = "attention received";

let state = {};

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const node = (name) => {
    const id = given.get(name);
    return id !== null && /^\d+$/.test(id) && Number(id) < numNodes ? Number(id) : null;
  };
  const view = Number(given.get("view") ?? 0);
  const minimum = Number(given.get("min") ?? 0);
  return {
    view: Number.isInteger(view) && view >= 0 && view < graphs.length ? view : 0,
    node: node("node"),
    key: node("node") === null ? null : node("key"),
    min: minimum > 0 && Number.isFinite(minimum) ? minimum : 0,
    color: Object.hasOwn(colorings, given.get("color")) ? given.get("color") : "class",
    size: given.get("size") !== "0",
    edges: given.get("edges") === "1",
  };
}

function writeAddress(asNewEntry) {
  const parts = [];
  if (state.view) parts.push(`view=${state.view}`);
  if (state.node !== null) parts.push(`node=${state.node}`);
  if (state.key !== null) parts.push(`key=${state.key}`);
  if (state.min) parts.push(`min=${state.min}`);
  if (state.color !== "class") parts.push(`color=${state.color}`);
  if (!state.size) parts.push("size=0");
  if (state.edges) parts.push("edges=1");
  history[asNewEntry ? "pushState" : "replaceState"](null, "", `#${parts.join("&")}`);
}

function change(changes) {
  const picks = "node" in changes || "key" in changes;
  if ("node" in changes && !("key" in changes)) changes.key = null;
  state = { ...state, ...changes };
  writeAddress(picks);
  show();
}

// ---- The picture

const view = { x: 0, y: 0, scale: 1, width: 1, height: 1 };
let picture = { lines: [], total: 0, related: null };
let colors = [];
let theme = {};

const readTheme = () => {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["text", "out", "in", "path", "flow", "input"]) {
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  }
};

const classColor = (place) => COLORS[place] ?? `hsl(${(place * 137.5) % 360} 55% 50%)`;

function ramp(share) {
  const channel = (low, high) => Math.round(low + (high - low) * share);
  return `rgb(${channel(150, 200)} ${channel(170, 30)} ${channel(190, 40)})`;
}

function receivedShare(graph, node) {
  if (!graph.largestReceived) graph.largestReceived = graph.received.reduce((a, b) => Math.max(a, b), 0);
  // In eight steps on a logarithmic scale over three decades.
  const decades = Math.log10(graph.received[node] / graph.largestReceived || 1e-9);
  return Math.round(8 * Math.min(1, Math.max(0, 1 + decades / 3))) / 8;
}

function colorNodes() {
  const graph = graphAt(state.view);
  const pick = {
    class: (node) => classColor(labels[node]),
    predicted: (node) => classColor(predictions[node]),
    correct: (node) => (predictions[node] === labels[node] ? COLORS[2] : COLORS[3]),
    part: (node) => (partOf[node] < 0 ? COLORS[9] : COLORS[partOf[node]]),
    received: (node) => ramp(receivedShare(graph, node)),
  }[state.color];
  colors = Array.from({ length: numNodes }, (_, node) => pick(node));
}

// What is drawn besides all nodes: entries of the picked node, or the strongest of all.
function choosePicture() {
  const graph = graphAt(state.view);
  const passes = ({ weight }) => weight >= state.min;
  if (state.node === null) {
    const { sorted, lines } = overviewOf(graph);
    picture = { lines: lines.filter(passes), total: countFrom(sorted, state.min), related: null, paths: null };
    return;
  }
  const out = rowOf(graph, state.node).filter(passes);
  const into = columnOf(graph, state.node).filter(passes);
  const paths = state.key === null ? null : findPaths(state.node, state.key);
  const shown = [...out.slice(0, MAX_LINES), ...into.slice(0, MAX_LINES)];
  const related = new Set([state.node]);
  // Dense attention leads everywhere, if only a little.
  for (const { from, to, weight } of shown) if (weight > EVEN_SHARE) related.add(from).add(to);
  for (const path of paths?.paths ?? []) path.nodes.forEach((node) => related.add(node));
  const lines = shown.filter(({ from, to }) => from !== to);
  const total = [...out, ...into].filter(({ from, to }) => from !== to).length;
  picture = { lines, total, related, out, into, paths };
}

const toScreenX = (node) => (x[node] - view.x) * view.scale + view.width / 2;
const toScreenY = (node) => (y[node] - view.y) * view.scale + view.height / 2;

function outside(from, to) {
  const [x0, y0, x1, y1] = [toScreenX(from), toScreenY(from), toScreenX(to), toScreenY(to)];
  return (x0 < 0 && x1 < 0) || (y0 < 0 && y1 < 0) || (x0 > view.width && x1 > view.width) || (y0 > view.height && y1 > view.height);
}

function line(from, to, bend) {
  const [x0, y0, x1, y1] = [toScreenX(from), toScreenY(from), toScreenX(to), toScreenY(to)];
  context.moveTo(x0, y0);
  if (bend) context.quadraticCurveTo((x0 + x1) / 2 + bend * (y1 - y0), (y0 + y1) / 2 - bend * (x1 - x0), x1, y1);
  else context.lineTo(x1, y1);
}

// In a few strokes of many lines each: a stroke of its own for every line would be slow.
function drawWeighted(lines, largest, color, bend, opacity) {
  const levels = 6;
  const buckets = Array.from({ length: levels }, () => []);
  for (const each of lines) {
    buckets[Math.min(levels - 1, Math.floor(levels * Math.sqrt(each.weight / largest)))].push(each);
  }
  context.strokeStyle = color;
  buckets.forEach((bucket, level) => {
    const share = (level + 1) / levels;
    context.lineWidth = 0.5 + 3 * share * share;
    context.globalAlpha = opacity * (0.15 + 0.75 * share);
    context.beginPath();
    for (const { from, to } of bucket) if (!outside(from, to)) line(from, to, bend);
    context.stroke();
  });
  context.globalAlpha = 1;
}

function drawInputEdges() {
  const step = Math.max(1, Math.ceil(edgeEnds.length / MAX_INPUT_EDGES));
  context.strokeStyle = theme.input;
  context.lineWidth = 0.6;
  context.globalAlpha = state.node === null ? 0.5 : 0.2;
  context.beginPath();
  for (let sender = 0, e = 0; sender < numNodes; sender++) {
    for (; e < edgeStarts[sender + 1]; e += step) {
      if (!outside(sender, edgeEnds[e])) line(sender, edgeEnds[e], 0);
    }
  }
  context.stroke();
  context.globalAlpha = 1;
  if (state.node === null) return;
  context.lineWidth = 1.2;
  context.beginPath();
  for (let sender = 0; sender < numNodes; sender++) {
    for (let e = edgeStarts[sender]; e < edgeStarts[sender + 1]; e++) {
      if (sender === state.node || edgeEnds[e] === state.node) line(sender, edgeEnds[e], 0);
    }
  }
  context.stroke();
}

function radiusOf(node) {
  const base = Math.min(7, Math.max(1.8, 75 / Math.sqrt(numNodes))) * Math.min(3, Math.max(0.7, Math.sqrt(view.scale / view.fitted)));
  if (!state.size) return base;
  // In proportion to the area, where everyone's mean share is 1.
  return base * Math.min(5, Math.max(0.65, Math.sqrt(graphAt(state.view).received[node])));
}

function drawNodes() {
  const groups = new Map();
  for (let node = 0; node < numNodes; node++) {
    const faint = picture.related && !picture.related.has(node);
    const group = `${faint ? 0 : 1} ${colors[node]}`;
    if (!groups.has(group)) groups.set(group, { faint, color: colors[node], nodes: [] });
    groups.get(group).nodes.push(node);
  }
  const ordered = [...groups.values()].sort((a, b) => Number(b.faint ?? false) - Number(a.faint ?? false));
  for (const { faint, color, nodes } of ordered) {
    context.globalAlpha = faint ? 0.22 : 1;
    context.fillStyle = color;
    context.beginPath();
    for (const node of nodes) {
      const [across, down, radius] = [toScreenX(node), toScreenY(node), radiusOf(node)];
      if (across < -radius || down < -radius || across > view.width + radius || down > view.height + radius) continue;
      if (radius < 2) {
        context.rect(across - radius, down - radius, 2 * radius, 2 * radius);
      } else {
        context.moveTo(across + radius, down);
        context.arc(across, down, radius, 0, 2 * Math.PI);
      }
    }
    context.fill();
  }
  context.globalAlpha = 1;
}

function ring(node, color, width) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.arc(toScreenX(node), toScreenY(node), radiusOf(node) + 3, 0, 2 * Math.PI);
  context.stroke();
}

function drawPaths() {
  const lines = new Map();
  for (const { nodes, weight } of picture.paths.paths) {
    for (let step = 0; step + 1 < nodes.length; step++) {
      const [from, to] = [nodes[step], nodes[step + 1]];
      if (from === to) continue;
      const name = `${from} ${to}`;
      const drawn = lines.get(name) ?? { from, to, weight: 0 };
      drawn.weight += weight;
      lines.set(name, drawn);
    }
  }
  const drawn = [...lines.values()];
  drawWeighted(drawn, drawn.reduce((most, { weight }) => Math.max(most, weight), 0), theme.path, 0.12, 1);
}

function draw() {
  const begun = performance.now();
  const ratio = window.devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  if (state.edges) drawInputEdges();
  // The same scale for every node of a graph, so that weak attention looks weak.
  const { largest } = overviewOf(graphAt(state.view));
  if (state.node === null) {
    drawWeighted(picture.lines, largest, theme.flow, 0, 0.7);
  } else {
    const opacity = picture.paths ? 0.25 : 1;
    drawWeighted(picture.lines.filter(({ to }) => to === state.node), largest, theme.in, 0.12, opacity);
    drawWeighted(picture.lines.filter(({ from }) => from === state.node), largest, theme.out, 0.12, opacity);
    if (picture.paths) drawPaths();
  }
  drawNodes();
  if (state.key !== null) ring(state.key, theme.path, 2);
  if (state.node !== null) ring(state.node, theme.text, 2);
  return performance.now() - begun;
}

let asked = false;
function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    report(draw());
  });
}

function report(milliseconds) {
  const what = state.node === null ? "entries between different nodes" : "entries of the picked node";
  const strongest = picture.lines.length < picture.total ? "strongest " : "";
  byId("drawn").textContent =
    `${picture.lines.length.toLocaleString("en")} ${strongest}of ${picture.total.toLocaleString("en")} ${what}` +
    `${state.min ? ` with weights from ${state.min}` : ""} drawn in ${milliseconds.toFixed(0)} ms.` +
    (state.node === null ? "" : ` Nodes are faint if less than an even share, 1/${numNodes}, goes to or from them.`);
  Object.assign(byId("drawn").dataset, { lines: picture.lines.length, total: picture.total, milliseconds });
}

// ---- Moving about, and which node lies where

function fit() {
  const spread = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [left, right] = spread(x);
  const [top, bottom] = spread(y);
  view.x = (left + right) / 2;
  view.y = (top + bottom) / 2;
  const margin = 60;
  view.scale = Math.min(
    Math.max(50, view.width - margin) / (right - left || 1),
    Math.max(50, view.height - margin) / (bottom - top || 1),
  );
  view.fitted = view.scale;
}

function resize() {
  const first = view.fitted === undefined;
  const whole = view.scale === view.fitted;
  view.width = canvas.clientWidth;
  view.height = canvas.clientHeight;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(view.width * ratio);
  canvas.height = Math.round(view.height * ratio);
  if (first || whole) fit();
}

function zoom(factor, across = view.width / 2, down = view.height / 2) {
  const scale = Math.min(view.fitted * 200, Math.max(view.fitted * 0.3, view.scale * factor));
  // The point under the pointer stays where it is.
  view.x += (across - view.width / 2) * (1 / view.scale - 1 / scale);
  view.y += (down - view.height / 2) * (1 / view.scale - 1 / scale);
  view.scale = scale;
  redraw();
}

function move(across, down) {
  view.x -= across / view.scale;
  view.y -= down / view.scale;
  redraw();
}

const cells = (() => {
  const side = Math.max(1, Math.ceil(Math.sqrt(numNodes)));
  const bounds = (values) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return [low, (high - low || 1) / side];
  };
  const [[left, width], [top, height]] = [bounds(x), bounds(y)];
  const clip = (place) => Math.min(side - 1, Math.max(0, Math.floor(place)));
  const column = (value) => clip((value - left) / width);
  const row = (value) => clip((value - top) / height);
  const members = Array.from({ length: side * side }, () => []);
  for (let node = 0; node < numNodes; node++) members[row(y[node]) * side + column(x[node])].push(node);
  return { side, column, row, members };
})();

function nodeAt(across, down) {
  const reach = 14;
  const centerX = (across - view.width / 2) / view.scale + view.x;
  const centerY = (down - view.height / 2) / view.scale + view.y;
  // A node may be drawn larger than that.
  const span = (reach + 5 * 21) / view.scale;
  let [nearest, distance] = [null, Infinity];
  for (let row = cells.row(centerY - span); row <= cells.row(centerY + span); row++) {
    for (let column = cells.column(centerX - span); column <= cells.column(centerX + span); column++) {
      for (const node of cells.members[row * cells.side + column]) {
        const away = Math.hypot(toScreenX(node) - across, toScreenY(node) - down);
        // Inside a large node a small one that lies on it comes first.
        if (away <= Math.max(reach / 2, radiusOf(node) + 2) && away < distance) [nearest, distance] = [node, away];
      }
    }
  }
  return nearest;
}

const pointers = new Map();
let moved = 0;

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
  if (pointers.size === 1) moved = 0;
});

canvas.addEventListener("pointermove", (event) => {
  const last = pointers.get(event.pointerId);
  if (!last) return point(event.offsetX, event.offsetY);
  const now = [event.offsetX, event.offsetY];
  const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
  pointers.set(event.pointerId, now);
  moved += Math.abs(now[0] - last[0]) + Math.abs(now[1] - last[1]);
  if (others.length) {
    const [other] = others;
    const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
    zoom(apart(now) / apart(last), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else {
    move(now[0] - last[0], now[1] - last[1]);
  }
});

canvas.addEventListener("pointerup", (event) => {
  pointers.delete(event.pointerId);
  if (pointers.size || moved > 5) return;
  const node = nodeAt(event.offsetX, event.offsetY);
  if (node !== state.node) change({ node });
});
canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
canvas.addEventListener("pointerleave", () => { byId("tip").hidden = true; });

canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.offsetX, event.offsetY);
}, { passive: false });

canvas.addEventListener("keydown", (event) => {
  const step = 60;
  const actions = {
    ArrowLeft: () => move(step, 0),
    ArrowRight: () => move(-step, 0),
    ArrowUp: () => move(0, step),
    ArrowDown: () => move(0, -step),
    "+": () => zoom(1.3),
    "=": () => zoom(1.3),
    "-": () => zoom(1 / 1.3),
    0: () => { fit(); redraw(); },
    Escape: () => change({ node: null }),
  };
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

function point(across, down) {
  const node = nodeAt(across, down);
  const tip = byId("tip");
  tip.hidden = node === null;
  canvas.style.cursor = node === null ? "" : "pointer";
  if (node === null) return;
  tip.textContent = `${nameOf(node)}: class ${className(labels[node])}`;
  tip.style.left = `${Math.min(across + 12, Math.max(0, view.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.min(down + 12, Math.max(0, view.height - tip.offsetHeight - 4))}px`;
}

// A node that comes from a list or the address may lie out of sight.
function bringIntoView(node) {
  const [across, down] = [toScreenX(node), toScreenY(node)];
  if (across > 0 && down > 0 && across < view.width && down < view.height) return;
  view.x = x[node];
  view.y = y[node];
}

// ---- Panel

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") made.addEventListener("click", value);
    else if (name === "style") Object.entries(value).forEach(([property, text]) => made.style.setProperty(property, text));
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const dot = (color) => element("span", { class: "dot", style: { background: color } });

function showLegend() {
  const tally = (values) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => a - b);
  };
  const item = (color, name, number) =>
    element("li", {}, dot(color), element("span", {}, name), element("span", { class: "count" }, number.toLocaleString("en")));
  const items = {
    class: () => tally(labels).map(([place, number]) => item(classColor(place), className(place), number)),
    predicted: () => tally(predictions).map(([place, number]) => item(classColor(place), className(place), number)),
    correct: () =>
      tally(labels.map((label, node) => Number(label !== predictions[node])))
        .map(([wrong, number]) => item(COLORS[wrong ? 3 : 2], wrong ? "wrong" : "right", number)),
    part: () =>
      tally(partOf).map(([place, number]) => item(place < 0 ? COLORS[9] : COLORS[place], data.parts[place] ?? "none", number)),
    received: () => {
      const largest = graphAt(state.view).received.reduce((a, b) => Math.max(a, b), 0);
      const gradient = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(ramp).join(", ")})`;
      return [element("li", {}, format(largest / 1000), element("span", { class: "ramp", style: { background: gradient } }), format(largest))];
    },
  };
  byId("legend").replaceChildren(...items[state.color]());
}

function entryList(kind, title, explanation, entries, nodeOf) {
  const largest = entries.length ? entries[0].weight : 1;
  const list = element("ol", { class: "entries" });
  const item = (entry) => {
    const node = nodeOf(entry);
    const self = entry.from === entry.to;
    const connected = isInputEdge(entry.from, entry.to);
    const pair = kind === "out" ? { key: node } : { node, key: state.node };
    const pressed = kind === "out" && state.key === node;
    return element(
      "li",
      { "data-node": node, "data-weight": entry.weight },
      element(
        "button",
        {
          type: "button", class: "name", "aria-pressed": pressed, "data-focus": `${kind} ${node}`, style: { "--share": `${(100 * entry.weight) / largest}%` },
          title: "Show the paths through the layers", onclick: () => change(pair),
        },
        dot(colors[node]),
        element("span", {}, self ? `${shortNameOf(node)} (itself)` : shortNameOf(node)),
      ),
      element("span", {}, element("span", { class: "edge" }, connected ? "edge" : ""), element("span", { class: "number" }, format(entry.weight))),
      element("button", { type: "button", "aria-label": `Pick ${nameOf(node)}`, title: "Pick this node", onclick: () => change({ node }) }, "\u2192"),
    );
  };
  const more = element("button", { type: "button" });
  const extend = (length) => {
    list.append(...entries.slice(list.children.length, length).map(item));
    more.textContent = `Show ${Math.min(50, entries.length - list.children.length)} more of ${entries.length - list.children.length}`;
    more.hidden = list.children.length >= entries.length;
  };
  more.addEventListener("click", () => {
    const next = list.children.length;
    extend(next + 50);
    list.children[next].querySelector("button").focus();
  });
  extend(LIST_LENGTH);
  return element("div", { class: kind, id: kind }, element("h3", {}, title), element("p", { class: "quiet" }, explanation), list, more);
}

function pathPanel() {
  const { node, key } = state;
  const { paths, count: found, total } = picture.paths;
  const aggregated = weightOf(graphAt(0), node, key);
  const steps = Array.from({ length: data.numLayers }, (_, step) => data.numLayers - step);
  const rows = paths.map((path) =>
    element(
      "tr",
      { "data-path": path.nodes.join(" "), "data-weights": path.weights.join(" "), "data-weight": path.weight },
      element("td", {}, path.nodes.map(shortNameOf).join(" \u2192 ")),
      ...path.weights.map((weight) => element("td", {}, format(weight))),
      element("td", {}, format(path.weight)),
    ),
  );
  const listed = paths.reduce((sum, { weight }) => sum + weight, 0);
  const which = paths.length < found ? `The ${paths.length} strongest of ${count(found, "path")}` : `All ${count(found, "path")}`;
  const summary = found
    ? `${which} through stored entries: ${format(listed)}; all of them: ${format(total)}.`
    : "No path through stored entries.";
  const entry = aggregated ? format(aggregated) : "0, or too small to be stored";
  return element(
    "div",
    { id: "paths", "data-total": total, "data-count": found },
    element("h3", {}, `From query ${shortNameOf(node)} to key ${shortNameOf(key)}`),
    element("p", { class: "quiet" }, `Weight through all layers: ${entry}. ${summary}`),
    rows.length
      ? element(
          "table",
          {},
          element("thead", {}, element("tr", {}, ...["path", ...steps.map((layer) => `layer ${layer}`), "product"].map((name) => element("th", { scope: "col" }, name)))),
          element("tbody", {}, ...rows),
        )
      : "",
    element("button", { type: "button", onclick: () => change({ key: null }) }, "Hide paths"),
  );
}

function nodePanel() {
  const { node } = state;
  const graph = graphAt(state.view);
  const own = graph.own[node];
  const received = Math.max(0, graph.received[node] - own);
  const others = graph.received.map((value, place) => value - graph.own[place]);
  const rank = 1 + others.reduce((above, value) => above + (value > others[node]), 0);
  const facts = [["Class", className(labels[node])]];
  if (predictions) {
    facts.push(["Predicted", `${className(predictions[node])} ${predictions[node] === labels[node] ? "\u2713 right" : "\u2717 wrong"}`]);
  }
  if (data.parts.length) facts.push(["Part", data.parts[partOf[node]] ?? "none"]);
  facts.push(
    ["To itself", `${format(own)} (${percent(graph.paid[node] ? own / graph.paid[node] : 0)} of its attention)`],
    ["To others", format(Math.max(0, graph.paid[node] - own))],
    ["From others", `${format(received)} (rank ${rank.toLocaleString("en")} of ${numNodes.toLocaleString("en")})`],
    ["Not stored", `${format(graph.left[node])} of what it pays`],
  );
  const suffix = state.min ? ` with weights from ${state.min}` : "";
  return [
    element("div", { class: "heading" }, element("h2", { tabindex: -1 }, nameOf(node)), element("button", { type: "button", onclick: () => change({ node: null }) }, "Let go")),
    element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", { "data-fact": name }, value)])),
    ...(state.key === null ? [] : [pathPanel()]),
    entryList("out", "Attends to", `${count(picture.out.length, "stored key")}${suffix}`, picture.out, ({ to }) => to),
    entryList("in", "Attended by", `${picture.into.length.toLocaleString("en")} stored ${picture.into.length === 1 ? "query" : "queries"}${suffix}`, picture.into, ({ from }) => from),
  ];
}

function showPanel() {
  const hint = element("p", { class: "quiet" }, "Pick a node to see whom it attends to, through which layers.");
  const panel = byId("node");
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  const hadFocus = panel.contains(document.activeElement);
  panel.replaceChildren(...(state.node === null ? [hint] : nodePanel()));
  // Whoever works with the keyboard goes on from where they were.
  const same = focused && [...panel.querySelectorAll("[data-focus]")].find((each) => each.dataset.focus === focused);
  if (hadFocus) (same || panel.querySelector("h2") || canvas).focus();
  byId("announcement").textContent = state.node === null
    ? "No node picked"
    : `${nameOf(state.node)} picked, ${count(picture.out.length, "key")}` + (state.key === null ? "" : `, ${count(picture.paths.count, "path")} to ${nameOf(state.key)}`);
}

function showControls() {
  byId("view").value = state.view;
  byId("color").value = state.color;
  byId("size").checked = state.size;
  byId("edges").checked = state.edges;
  if (Number(byId("minimum").value) !== state.min || !byId("minimum").value) byId("minimum").value = state.min;
  const decades = Math.log10(state.min / SMALLEST_WEIGHT || 0);
  byId("slider").value = state.min ? Math.max(1, Math.round(100 * decades)) : 0;
  byId("slider").setAttribute("aria-valuetext", state.min ? String(state.min) : "all");
  const { left } = graphAt(state.view);
  const mean = left.reduce((sum, value) => sum + value, 0) / numNodes;
  const most = left.reduce((a, b) => Math.max(a, b), 0);
  byId("stored").textContent =
    `${count(numNodes, "node")}, ${count(edgeEnds.length, "input edge")}. Of each row the ${data.kept.toLocaleString("en")} strongest entries are stored; ` +
    `what is left out of a row of this graph is ${format(mean)} on average and ${format(most)} at most.`;
  if (state.edges && edgeEnds.length > MAX_INPUT_EDGES) {
    const step = Math.ceil(edgeEnds.length / MAX_INPUT_EDGES);
    byId("stored").textContent += ` One in ${step} input edges is drawn.`;
  }
}

function show() {
  colorNodes();
  choosePicture();
  showControls();
  showLegend();
  showPanel();
  if (state.node !== null) bringIntoView(state.node);
  redraw();
}

function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = /^\d+$/.test(wanted) && Number(wanted) < numNodes ? [Number(wanted)] : [];
  for (let node = 0; node < numNodes && found.length < 8; node++) {
    const name = data.nodeNames ? data.nodeNames[node].toLowerCase() : String(node);
    if (node !== found[0] && (data.nodeNames ? name.includes(wanted) : name.startsWith(wanted))) found.push(node);
  }
  return found;
}

function showFound() {
  const text = byId("search").value;
  const found = find(text);
  const take = (node) => () => {
    byId("search").value = "";
    showFound();
    change({ node });
  };
  const items = found.map((node) => element("li", {}, element("button", { type: "button", onclick: take(node) }, nameOf(node))));
  if (text.trim() && !found.length) items.push(element("li", { class: "quiet" }, "No such node"));
  byId("found").replaceChildren(...items);
  byId("found").hidden = !items.length;
}

// ---- Start

function start() {
  byId("view").append(...data.graphs.map(({ name }, place) => element("option", { value: place }, name)));
  byId("color").append(...Object.entries(colorings).map(([value, name]) => element("option", { value }, name)));
  byId("view").addEventListener("change", ({ target }) => change({ view: Number(target.value) }));
  byId("color").addEventListener("change", ({ target }) => change({ color: target.value }));
  byId("size").addEventListener("change", ({ target }) => change({ size: target.checked }));
  byId("edges").addEventListener("change", ({ target }) => change({ edges: target.checked }));
  byId("slider").addEventListener("input", ({ target }) => {
    const steps = Number(target.value);
    change({ min: steps ? Number((SMALLEST_WEIGHT * 10 ** (steps / 100)).toPrecision(2)) : 0 });
  });
  byId("minimum").addEventListener("input", ({ target }) => change({ min: Math.max(0, Number(target.value) || 0) }));
  byId("search").addEventListener("input", showFound);
  byId("search").addEventListener("keydown", ({ key }) => {
    if (key === "Enter") byId("found").querySelector("button")?.click();
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("closer").addEventListener("click", () => zoom(1.5));
  byId("further").addEventListener("click", () => zoom(1 / 1.5));
  byId("all").addEventListener("click", () => { fit(); redraw(); });
  addEventListener("popstate", () => { state = readAddress(); show(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTheme(); redraw(); });

  readTheme();
  resize();
  state = readAddress();
  show();
  report(draw());
  // At once: a canvas that changes its size is empty.
  new ResizeObserver(() => { resize(); report(draw()); }).observe(canvas);
}

start();
