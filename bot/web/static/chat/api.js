// The web-chat API of the desk, with the visitor's token.
import { read, write } from './storage.js';
import { locale } from './texts.js';

const TIMEOUT = 20_000;

/** A refusal (`status` 400 and up) or an unreachable desk (`status` 0). `heals`: the same call may succeed later. */
export class ApiError extends Error {
  constructor(message, status, { code = '', retryAfter = 0 } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.heals = status === 0 || status === 429 || status === 408 || status >= 500;
  }
}

export const token = () => read('token', '');

async function call(method, path, { body, timeout = TIMEOUT, signal, accept = 'application/json' } = {}) {
  const limit = AbortSignal.timeout(timeout);
  let response;
  try {
    response = await fetch(`/api/chat/${path}`, {
      method,
      signal: signal && AbortSignal.any ? AbortSignal.any([signal, limit]) : limit,
      cache: 'no-store',
      credentials: 'omit',
      headers: {
        Accept: accept,
        'X-Locale': locale,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(path === 'start' ? {} : { Authorization: `Bearer ${token()}` }),
      },
      body: body && JSON.stringify(body),
    });
  } catch (error) {
    throw new ApiError(String(error), 0);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export async function refusal(response) {
  const data = await response.json().catch(() => ({}));
  return new ApiError(data.message || `HTTP ${response.status}`, response.status, {
    code: data.error, retryAfter: Number(response.headers.get('retry-after')) || 0,
  });
}

const json = async (...args) => (await call(...args)).json();

export async function start(page) {
  const answer = await json('POST', 'start', { body: { token: token() || undefined, locale, page } });
  write('token', answer.token);
  return answer;
}

/** Runs `task`; when the token is no longer good, gets a new one by `renew` and runs it once more. */
export async function withToken(task, renew) {
  try {
    return await task();
  } catch (error) {
    if (error.status !== 401) throw error;
    await renew();
    return task();
  }
}

export const send = (message) => json('POST', 'messages', { body: message });
export const older = (seq, limit = 50) => json('GET', `events?before=${seq}&limit=${limit}`);
export const newer = (seq, wait, signal) => json('GET', `events?after=${seq}&wait=${wait}`, { signal, timeout: (wait + 15) * 1000 });
export const typing = () => call('POST', 'typing', { body: {} });
export const readUpTo = (seq) => call('POST', 'read', { body: { seq } });
export const rate = (rating) => json('POST', 'rating', { body: rating });
export const speak = (code) => call('POST', 'language', { body: { locale: code } });
export const transcript = async () => (await call('GET', 'transcript', { accept: 'text/plain' })).text();
