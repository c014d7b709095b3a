// Column widths: dragged or moved by arrow keys, kept on this device.

const LIMITS = { list: [240, 520, 328], side: [240, 520, 320] };
const KEY = "aisle.columns";

export function layout(columns) {
  let widths = {};
  try {
    widths = JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    widths = {};
  }
  const set = (name, width) => {
    const [least, most] = LIMITS[name];
    widths[name] = Math.round(Math.min(most, Math.max(least, width)));
    columns.style.setProperty(`--${name}`, `${widths[name]}px`);
    const grip = columns.querySelector(`[data-grip="${name}"]`);
    grip.setAttribute("aria-valuenow", widths[name]);
    grip.setAttribute("aria-valuemin", least);
    grip.setAttribute("aria-valuemax", most);
  };
  const keep = () => localStorage.setItem(KEY, JSON.stringify(widths));
  const isRtl = document.documentElement.dir === "rtl";
  for (const grip of columns.querySelectorAll("[data-grip]")) {
    const name = grip.dataset.grip;
    const sign = (name === "list" ? 1 : -1) * (isRtl ? -1 : 1);
    if (widths[name]) set(name, widths[name]);
    grip.addEventListener("pointerdown", (down) => {
      const start = widths[name] ?? LIMITS[name][2];
      grip.setPointerCapture(down.pointerId);
      const move = (event) => set(name, start + (event.clientX - down.clientX) * sign);
      grip.addEventListener("pointermove", move);
      grip.addEventListener("pointerup", () => { grip.removeEventListener("pointermove", move); keep(); }, { once: true });
    });
    grip.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
      if (!step) return;
      event.preventDefault();
      set(name, (widths[name] ?? LIMITS[name][2]) + step * sign);
      keep();
    });
  }
}
