// A drawn picture instead of one that cannot be loaded.

const SVG = 'http://www.w3.org/2000/svg';
const LINES = ['M4 5h16v14H4z', 'm4 16 5-5 4 4 3-3 4 4', 'M15.5 9.5h.01'];

function draw(image) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true'); // the product's name stands beside it
  for (const d of LINES) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  image.replaceWith(svg);
}

for (const image of document.querySelectorAll('.picture img')) {
  if (image.complete && !image.naturalWidth && image.loading !== 'lazy') draw(image); // failed before we came
  else image.addEventListener('error', () => draw(image), { once: true });
}
