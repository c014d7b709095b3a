// The dashboard's state lives in the address bar and nowhere else; this reads and writes it.

const NAMES = ["period", "from", "to", "channel", "language", "segment", "demo", "compare"];
export const DEFAULTS = { period: "28d", from: "", to: "", channel: "", language: "", segment: "", demo: "", compare: "yes" };

/** The state of an address; missing names have their default. */
export function read(search = location.search) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? DEFAULTS[name]]));
}

/** Only what differs from the defaults, so that addresses stay short; dates only where they count. */
export function query(state, more = {}) {
  const found = new URLSearchParams();
  for (const name of NAMES) {
    if ((name === "from" || name === "to") && state.period !== "custom") continue;
    if (state[name] !== DEFAULTS[name]) found.set(name, state[name]);
  }
  for (const [name, value] of Object.entries(more)) found.set(name, value);
  return found.toString();
}

/** The query for the API: what scopes a number, with or without the period before. */
export function scope(state, { compare = false } = {}) {
  const found = new URLSearchParams(query({ ...state, compare: DEFAULTS.compare }));
  if (compare && state.compare === "yes") found.set("compare", "yes");
  return found.toString();
}

/** The page with the conversations behind a row of a metric. */
export function behind(state, metric, row) {
  const found = new URLSearchParams({ metric, row });
  for (const [name, value] of new URLSearchParams(scope(state))) found.set(name, value);
  return `/dashboard/conversations?${found}`;
}

/** Put a state into the address bar. */
export function write(state) {
  const text = query(state);
  history.pushState(null, "", text ? `?${text}` : location.pathname);
}
