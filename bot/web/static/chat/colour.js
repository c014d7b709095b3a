// An accent given by the shop's page, made readable: black or white on it, and a tone of it that reads as text.

function parse(text) {
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = '#000001';
  probe.fillStyle = text;
  const found = /^#(..)(..)(..)$/.exec(probe.fillStyle);
  return found && probe.fillStyle !== '#000001' ? found.slice(1).map((part) => parseInt(part, 16) / 255) : null;
}

function luminance(colour) {
  const [r, g, b] = colour.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast after WCAG 2: 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** `colour`, mixed with black or white until it reaches `least` on `surface`. */
export function readable(colour, surface, least = 4.6) {
  const end = luminance(surface) > 0.5 ? 0 : 1;
  let mixed = colour;
  for (let share = 0; contrast(mixed, surface) < least && share < 1; share += 0.04) {
    mixed = colour.map((c) => c + (end - c) * share);
  }
  return mixed;
}

const hex = (colour) => `#${colour.map((c) => Math.round(c * 255).toString(16).padStart(2, '0')).join('')}`;

/** Sets the accent's custom properties for the page's present light or dark; keeps the shop's own when unreadable. */
export function setAccent(text, isDark) {
  const colour = parse(text);
  if (!colour) return;
  const surface = isDark ? [0.075, 0.086, 0.098] : [1, 1, 1];
  const fill = contrast(colour, surface) < 3 ? readable(colour, surface, 3) : colour;
  const ink = [0, 0, 0]; // with any lighter one a middle tone would have neither
  const { style } = document.documentElement;
  style.setProperty('--accent', hex(fill));
  style.setProperty('--on-accent', contrast(fill, [1, 1, 1]) >= contrast(fill, ink) ? '#ffffff' : hex(ink));
  style.setProperty('--accent-ink', hex(readable(colour, surface)));
}
