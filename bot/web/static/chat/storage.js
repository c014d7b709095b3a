// What survives a reload. Where the browser blocks storage (third-party iframes), memory has to do.

const PREFIX = 'aisle.';
const memory = new Map();

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function read(name, fallback = null) {
  try {
    const text = memory.get(name) ?? storage()?.getItem(PREFIX + name);
    return text === null || text === undefined ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

export function write(name, value) {
  const text = JSON.stringify(value);
  try {
    storage().setItem(PREFIX + name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
  }
}

/** Calls `listener` when another tab of this origin writes `name`. */
export function watch(name, listener) {
  window.addEventListener('storage', (event) => {
    if (event.key === PREFIX + name) listener();
  });
}

/** A channel to the other tabs of this origin, or silence where the browser allows none. */
export function channel(name) {
  try {
    return new BroadcastChannel(PREFIX + name);
  } catch {
    return new EventTarget();
  }
}

/** Runs `task` while no other tab of this origin does; at once where the browser allows no locks. */
export async function exclusively(name, task) {
  let hasStarted = false;
  try {
    return await navigator.locks.request(PREFIX + name, () => {
      hasStarted = true;
      return task();
    });
  } catch (error) {
    if (hasStarted) throw error;
    return task();
  }
}
