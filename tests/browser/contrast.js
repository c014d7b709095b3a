// The contrast of every visible text of a selector against what lies behind it (flat colours; a gradient counts as its first colour).
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}
function over([r, g, b, a], [R, G, B]) {
  return [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
}
function behind(node) {
  if (!node) return [255, 255, 255, 1];
  const style = getComputedStyle(node);
  const gradient = /(?:linear-gradient)\([^(]*(rgba?\([^)]*\)|color\([^)]*\))/.exec(style.backgroundImage);
  const colour = rgba(gradient ? gradient[1] : style.backgroundColor);
  return colour[3] === 1 ? colour : over(colour, behind(node.parentElement));
}
function light([r, g, b]) {
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
}
const found = [];
for (const node of document.querySelectorAll(arguments[0])) {
  if (!node.checkVisibility() || !node.textContent.trim()) continue;
  const ground = behind(node);
  const [one, two] = [light(over(rgba(getComputedStyle(node).color), ground)), light(ground)].sort((a, b) => b - a);
  found.push({ what: `${node.className} ${node.textContent.slice(0, 30)}`, channel: node.closest("[data-channel]")?.dataset.channel, ratio: (one + 0.05) / (two + 0.05) });
}
return JSON.stringify(found);
