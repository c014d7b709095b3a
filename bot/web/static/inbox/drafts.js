// What an agent has typed and not sent, and what was sent but not yet taken by the server: kept on this device.

const DRAFTS = "aisle.draft.";
const UNSENT = "aisle.unsent.";

const read = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const write = (key, value, isEmpty) => {
  try {
    if (isEmpty) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // storage is full or forbidden: the page still holds it
  }
};

/** {reply, note, mode, products} of a conversation. */
export const draftOf = (id) => read(DRAFTS + id, { reply: "", note: "", mode: "reply", products: [] });
export const keepDraft = (id, draft) => write(DRAFTS + id, draft, !draft.reply && !draft.note && !draft.products.length);

/** Messages on their way: [{client_id, kind, text, products, at}]. */
export const unsentOf = (id) => read(UNSENT + id, []);
export const keepUnsent = (id, list) => write(UNSENT + id, list, list.length === 0);
