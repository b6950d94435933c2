"use strict";

// Edges come with both directions of an undirected graph as one. Nothing is ever put in as HTML.

const { topK, graphs } = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const canvas = byId("canvas");
const context = canvas.getContext("2d");

const STEPS = 1000; // Of the slider of values.
const LIST_LENGTH = 40;
const REACH = 7; // Around an edge, in pixels.

const lowest = graphs.reduce((least, { values }) => values.reduce((a, b) => Math.min(a, b), least), Infinity);
const highest = graphs.reduce((most, { values }) => values.reduce((a, b) => Math.max(a, b), most), -Infinity);
const range = lowest < highest ? [lowest, highest] : Number.isFinite(lowest) ? [lowest - 1, lowest] : [0, 1];

// ---- State, which the address keeps

let state = {};

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const graph = Number(given.get("graph") ?? 0);
  const top = Number(given.get("top") ?? topK);
  const from = given.get("from") === null || given.get("from").trim() === "" ? NaN : Number(given.get("from"));
  return {
    graph: Number.isInteger(graph) && graph >= 0 && graph < graphs.length ? graph : 0,
    rule: Number.isFinite(from) ? "from" : "top",
    top: Number.isInteger(top) && top >= 0 ? top : topK,
    from: Number.isFinite(from) ? from : (range[0] + range[1]) / 2,
  };
}

function writeAddress(asNewEntry) {
  const parts = [`graph=${state.graph}`, state.rule === "top" ? `top=${state.top}` : `from=${state.from}`];
  history[asNewEntry ? "pushState" : "replaceState"](null, "", `#${parts.join("&")}`);
}

function change(changes) {
  state = { ...state, ...changes };
  writeAddress("graph" in changes);
  show();
}

const current = () => graphs[state.graph];
const step = (by) => change({ graph: (state.graph + by + graphs.length) % graphs.length });

// ---- Selection: of equal edges those that come first win

function orderOf(graph) {
  graph.order ??= graph.values.map((_, edge) => edge).sort((a, b) => graph.values[b] - graph.values[a] || a - b);
  return graph.order;
}

function selectedOf(graph) {
  const order = orderOf(graph);
  if (state.rule === "top") return order.slice(0, state.top);
  return order.filter((edge) => graph.values[edge] >= state.from);
}

// ---- Text

const format = (value) => (value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(4))));
const nodeName = (graph, node) => (graph.nodeNames ? `${graph.nodeNames[node]} (${node})` : `Node ${node}`);
const edgeName = (graph, edge) => {
  const short = (node) => (graph.nodeNames ? nodeName(graph, node) : String(node));
  return `${short(graph.from[edge])} ${graph.directed ? "\u2192" : "\u2013"} ${short(graph.to[edge])}`;
};

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  return made;
}

function showFacts(graph, selected) {
  const facts = [];
  if (graph.method) facts.push(["Method", graph.method]);
  if (graph.predicted !== null) facts.push(["Predicted", graph.predicted + (graph.right === false ? ", wrong" : "")]);
  if (graph.target !== null) facts.push(["Label", graph.target]);
  facts.push(["Nodes", String(graph.x.length)], ["Edges", String(graph.values.length)], ["Selected", String(selected.length)]);
  if (graph.truth) {
    const numTrue = graph.truth.filter(Boolean).length;
    const found = selected.filter((edge) => graph.truth[edge]).length;
    facts.push(["True", String(numTrue)]);
    if (numTrue) facts.push(["Precision", format(selected.length ? found / selected.length : 0)], ["Recall", format(found / numTrue)]);
  }
  byId("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  byId("name").textContent = graph.name || `Graph ${state.graph + 1}`;
}

function showEdges(graph, selected) {
  const rows = selected.slice(0, LIST_LENGTH).map((edge) => {
    const row = element("tr", "", { "data-edge": edge });
    row.append(element("td", edgeName(graph, edge)), element("td", format(graph.values[edge])));
    if (graph.truth) row.append(element("td", graph.truth[edge] ? "yes" : "no"));
    return row;
  });
  byId("edges").replaceChildren(...rows);
  byId("more").textContent = selected.length > rows.length ? `and ${selected.length - rows.length} more` : "";
  byId("true-column").hidden = byId("truth").hidden = !graph.truth;
}

function showControls(graph) {
  const [slider, amount] = [byId("slider"), byId("amount")];
  byId("rule").value = state.rule;
  if (state.rule === "top") {
    byId("what").textContent = "How many";
    Object.assign(slider, { min: 0, max: graph.values.length, step: 1, value: Math.min(state.top, graph.values.length) });
    Object.assign(amount, { min: 0, step: 1 });
    amount.value = state.top;
  } else {
    byId("what").textContent = "From value";
    const place = (STEPS * (state.from - range[0])) / (range[1] - range[0]);
    Object.assign(slider, { min: 0, max: STEPS, step: 1, value: Math.round(place) });
    amount.min = "";
    amount.step = "any";
    amount.value = state.from;
  }
  byId("place").textContent = `${state.graph + 1} of ${graphs.length}`;
}

function listGraphs() {
  byId("graphs").append(
    ...graphs.map((graph, place) => {
      const item = element("li", "");
      const button = element("button", "", { type: "button" });
      button.append(element("span", graph.name || `Graph ${place + 1}`));
      if (graph.predicted !== null) {
        button.append(element("span", (graph.right === false ? "\u2717 " : "") + graph.predicted, { class: graph.right === false ? "wrong" : "quiet" }));
      }
      button.addEventListener("click", () => change({ graph: place }));
      item.append(button);
      return item;
    }),
  );
}

function show() {
  const graph = current();
  const selected = selectedOf(graph);
  showControls(graph);
  showFacts(graph, selected);
  showEdges(graph, selected);
  byId("graphs").querySelectorAll("button").forEach((button, place) => {
    const isCurrent = place === state.graph;
    button.setAttribute("aria-current", String(isCurrent));
    // scrollIntoView would move the whole panel.
    if (isCurrent) byId("graphs").scrollTop = button.offsetTop - 60;
  });
  byId("tip").hidden = true;
  draw();
}

// ---- The picture

const view = { x: 0, y: 0, scale: 1, width: 1, height: 1 };
const toX = (graph, node) => (graph.x[node] - view.x) * view.scale + view.width / 2;
const toY = (graph, node) => (graph.y[node] - view.y) * view.scale + view.height / 2;
const radiusOf = (graph) => Math.min(14, Math.max(3, 60 / Math.sqrt(graph.x.length)));

function fit(graph) {
  const bounds = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [[left, right], [top, bottom]] = [bounds(graph.x), bounds(graph.y)];
  view.x = (left + right) / 2;
  view.y = (top + bottom) / 2;
  const margin = 110;
  view.scale = Math.min(
    Math.max(50, view.width - margin) / (right - left || 1),
    Math.max(50, view.height - margin) / (bottom - top || 1),
  );
}

// The ends of an edge; those of two opposite ones lie beside each other.
function ends(graph, edge) {
  const [a, b] = [graph.from[edge], graph.to[edge]];
  const [x0, y0, x1, y1] = [toX(graph, a), toY(graph, a), toX(graph, b), toY(graph, b)];
  if (!graph.directed || a === b) return [x0, y0, x1, y1];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [across, down] = [(-4 * (y1 - y0)) / length, (4 * (x1 - x0)) / length];
  return [x0 + across, y0 + down, x1 + across, y1 + down];
}

function trace(graph, edge) {
  const [x0, y0, x1, y1] = ends(graph, edge);
  const radius = radiusOf(graph);
  context.beginPath();
  if (graph.from[edge] === graph.to[edge]) context.arc(x0, y0 - 1.6 * radius, 1.1 * radius, 0, 2 * Math.PI);
  else context.moveTo(x0, y0), context.lineTo(x1, y1);
}

function arrowHead(graph, edge, size) {
  const [x0, y0, x1, y1] = ends(graph, edge);
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (!length) return;
  const [across, down] = [(x1 - x0) / length, (y1 - y0) / length];
  const [tipX, tipY] = [x1 - across * radiusOf(graph), y1 - down * radiusOf(graph)];
  context.beginPath();
  context.moveTo(tipX, tipY);
  context.lineTo(tipX - size * across + 0.5 * size * down, tipY - size * down - 0.5 * size * across);
  context.lineTo(tipX - size * across - 0.5 * size * down, tipY - size * down + 0.5 * size * across);
  context.fill();
}

function draw() {
  const graph = current();
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const ratio = window.devicePixelRatio || 1;
  const selected = new Set(selectedOf(graph));
  fit(graph);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  context.lineCap = "round";
  if (graph.truth) {
    // An outline: a wide line with one in the color of the page on it.
    for (const [width, name] of [[12, "truth"], [9, "page"]]) {
      context.strokeStyle = color(name);
      context.lineWidth = width;
      graph.truth.forEach((isTrue, edge) => {
        if (!isTrue) return;
        trace(graph, edge);
        context.stroke();
      });
    }
  }
  // The strongest last, so that they lie on top.
  for (const edge of [...orderOf(graph)].reverse()) {
    const share = (graph.values[edge] - range[0]) / (range[1] - range[0]);
    context.strokeStyle = context.fillStyle = color(selected.has(edge) ? "accent" : "edge");
    context.globalAlpha = selected.has(edge) ? 1 : 0.35 + 0.5 * share;
    context.lineWidth = 1 + 5 * share;
    trace(graph, edge);
    context.stroke();
    if (graph.directed && graph.from[edge] !== graph.to[edge]) arrowHead(graph, edge, 8 + 1.5 * context.lineWidth);
    context.globalAlpha = 1;
  }
  drawNodes(graph, color);
}

function drawNodes(graph, color) {
  const radius = radiusOf(graph);
  context.textAlign = "center";
  context.lineWidth = 1;
  for (let node = 0; node < graph.x.length; node++) {
    const [across, down] = [toX(graph, node), toY(graph, node)];
    context.fillStyle = color("node");
    context.strokeStyle = color("quiet");
    context.beginPath();
    context.arc(across, down, radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    if (!graph.nodeNames) continue;
    const name = graph.nodeNames[node];
    const inside = name.length <= 2 && radius >= 8;
    context.font = `${inside ? radius : 12}px system-ui, sans-serif`;
    context.textBaseline = inside ? "middle" : "bottom";
    context.fillStyle = color("text");
    if (inside || graph.x.length <= 60) context.fillText(name.slice(0, 30), across, inside ? down : down - radius - 2);
  }
}

function resize() {
  view.width = canvas.clientWidth;
  view.height = canvas.clientHeight;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(view.width * ratio);
  canvas.height = Math.round(view.height * ratio);
  draw();
}

// ---- What lies under the pointer

function nodeAt(graph, across, down) {
  let [nearest, distance] = [null, Math.max(radiusOf(graph), REACH)];
  for (let node = 0; node < graph.x.length; node++) {
    const away = Math.hypot(toX(graph, node) - across, toY(graph, node) - down);
    if (away <= distance) [nearest, distance] = [node, away];
  }
  return nearest;
}

function edgeAt(graph, across, down) {
  let [nearest, distance] = [null, REACH];
  for (let edge = 0; edge < graph.values.length; edge++) {
    const [x0, y0, x1, y1] = ends(graph, edge);
    let away;
    if (graph.from[edge] === graph.to[edge]) {
      const radius = radiusOf(graph);
      away = Math.abs(Math.hypot(across - x0, down - y0 + 1.6 * radius) - 1.1 * radius);
    } else {
      const squared = (x1 - x0) ** 2 + (y1 - y0) ** 2 || 1;
      const along = Math.min(1, Math.max(0, ((across - x0) * (x1 - x0) + (down - y0) * (y1 - y0)) / squared));
      away = Math.hypot(across - x0 - along * (x1 - x0), down - y0 - along * (y1 - y0));
    }
    if (away <= distance) [nearest, distance] = [edge, away];
  }
  return nearest;
}

function describe(graph, across, down) {
  const node = nodeAt(graph, across, down);
  if (node !== null) return nodeName(graph, node) + (graph.nodeValues ? `: ${format(graph.nodeValues[node])}` : "");
  const edge = edgeAt(graph, across, down);
  if (edge === null) return null;
  const truth = graph.truth ? (graph.truth[edge] ? ", true" : ", not true") : "";
  return `${edgeName(graph, edge)}: ${format(graph.values[edge])}${truth}`;
}

canvas.addEventListener("pointermove", (event) => {
  const box = canvas.getBoundingClientRect();
  const [across, down] = [event.clientX - box.left, event.clientY - box.top];
  const text = describe(current(), across, down);
  const tip = byId("tip");
  tip.hidden = text === null;
  if (text === null) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(across + 14, Math.max(0, view.width - tip.offsetWidth - 4))}px`;
  tip.style.top = `${Math.min(down + 14, Math.max(0, view.height - tip.offsetHeight - 4))}px`;
});
canvas.addEventListener("pointerleave", () => { byId("tip").hidden = true; });

// ---- Controls

byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("rule").addEventListener("change", (event) => change({ rule: event.target.value }));
byId("slider").addEventListener("input", (event) => {
  const place = Number(event.target.value);
  if (state.rule === "top") change({ top: place });
  else change({ from: Number((range[0] + (place / STEPS) * (range[1] - range[0])).toPrecision(6)) });
});
byId("amount").addEventListener("change", (event) => {
  const value = Number(event.target.value);
  if (event.target.value === "" || !Number.isFinite(value)) show();
  else if (state.rule === "top") change({ top: Math.max(0, Math.round(value)) });
  else change({ from: value });
});
byId("controls").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});
window.addEventListener("hashchange", () => { state = readAddress(); show(); });
window.addEventListener("popstate", () => { state = readAddress(); show(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(resize).observe(canvas);

state = readAddress();
listGraphs();
resize();
show();
