// Building elements: text goes in as text nodes, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An element; `props` are properties, except `data`, `aria`, `on` (maps) and names with a dash (attributes). */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'aria') for (const [key, text] of Object.entries(value)) node.setAttribute(`aria-${key}`, text);
    else if (name === 'on') for (const [key, listener] of Object.entries(value)) node.addEventListener(key, listener);
    else if (name === 'role' || name.includes('-')) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

const ICONS = {
  bot: ['M5 10.5A3.5 3.5 0 0 1 8.5 7h7a3.5 3.5 0 0 1 3.5 3.5v4a3.5 3.5 0 0 1-3.5 3.5h-7A3.5 3.5 0 0 1 5 14.5Z', 'M12 7V4M9.5 12v1.2M14.5 12v1.2M2.8 11.5v3M21.2 11.5v3'],
  person: ['M12 12a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6Z', 'M4.8 20a7.4 7.4 0 0 1 14.4 0'],
  menu: ['M5 12h.01M12 12h.01M19 12h.01'],
  close: ['M6 6l12 12M18 6L6 18'],
  send: ['M12 19V5M6 11l6-6 6 6'],
  down: ['M12 5v14M6 13l6 6 6-6'],
  previous: ['M14.5 6l-6 6 6 6'],
  next: ['M9.5 6l6 6-6 6'],
  check: ['M5 12.5l4.5 4.5L19 7.5'],
  clock: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z', 'M12 7.5V12l3 2'],
  warning: ['M12 4l9 16H3Z', 'M12 10v4M12 17h.01'],
  box: ['M4 8l8-4 8 4v8l-8 4-8-4Z', 'M4 8l8 4 8-4M12 12v8'],
  picture: ['M4 5h16v14H4Z', 'm4 16 5-5 4 4 3-3 4 4', 'M15.5 9.5h.01'],
  star: ['M12 3.6l2.6 5.3 5.8.8-4.2 4.1 1 5.8L12 16.9l-5.2 2.7 1-5.8-4.2-4.1 5.8-.8Z'],
};

/** A line drawing, silent for screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon icon-${name}`);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}

/** A real button. */
export function button(className, label, onClick, ...children) {
  return h('button', { type: 'button', className, on: { click: onClick } }, ...(children.length ? children : [label]));
}

/** A button that shows only a drawing, with its name for screen readers and as a hint. */
export function iconButton(className, label, name, onClick) {
  return h('button', { type: 'button', className, title: label, aria: { label }, on: { click: onClick } }, icon(name));
}

/** The data a page carries in an inert JSON script element. */
export function pageData(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
