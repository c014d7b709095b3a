// Talking with the launcher on the shop's page. Its origin is that of its first word, which only the window
// around us may say; who may be that window is decided by the desk (frame-ancestors).

const isEmbedded = window.parent !== window && new URLSearchParams(location.search).has('embedded');
const listeners = {};
const waiting = [];
let parentOrigin = null;

function post(type, more = {}) {
  if (!isEmbedded) return;
  if (parentOrigin) window.parent.postMessage({ aisle: 1, type, ...more }, parentOrigin);
  else waiting.push([type, more]);
}

window.addEventListener('message', (event) => {
  const message = event.data;
  if (!isEmbedded || event.source !== window.parent || message?.aisle !== 1) return;
  if (parentOrigin === null && message.type === 'hello' && /^https?:/.test(event.origin)) {
    parentOrigin = event.origin;
    post('ready');
    for (const [type, more] of waiting.splice(0)) post(type, more);
  }
  if (event.origin === parentOrigin) listeners[message.type]?.(message);
});

export const bridge = {
  isEmbedded,
  get parentOrigin() { return parentOrigin; },
  post,
  on(type, listener) { listeners[type] = listener; },
};
