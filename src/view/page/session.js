// Talking to larmor: the token that stands in the address is exchanged for a cookie, and all that is
// refused becomes a sentence.
// SPDX-License-Identifier: Apache-2.0

export class Refused extends Error {
  constructor(status, sentence, advice) {
    super(sentence);
    this.status = status; // 0: nobody answered
    this.advice = advice;
  }
}

const GONE = 'larmor has ended, or cannot be reached';
const GONE_ADVICE = 'start larmor view again and open the address that it prints; what is shown here stays';

let gone = () => {};
// Calls `then` each time that nobody answers, and `back` when somebody does again.
export function onGone(then) {
  gone = then;
}

export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...options });
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    gone(true);
    throw new Refused(0, GONE, GONE_ADVICE);
  }
  gone(false);
  if (answer.ok || answer.status === 304) return answer;
  let said = {};
  try {
    said = await answer.json();
  } catch { /* not from larmor: the status must do */ }
  throw new Refused(answer.status, said.error || `larmor refused this (${answer.status})`, said.try || null);
}

// The body; a connection that breaks in the middle is larmor's end too.
async function body(answer, read) {
  try {
    return await read(answer);
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    gone(true);
    throw new Refused(0, GONE, GONE_ADVICE);
  }
}

export async function askJson(path, options) {
  return body(await ask(path, options), (answer) => answer.json());
}

export async function askBytes(path, options) {
  return body(await ask(path, options), (answer) => answer.arrayBuffer());
}

// The token leaves the address bar, so that it is not copied or remembered with the address.
export async function begin() {
  const token = location.hash.slice(1);
  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
    await ask('/session', { method: 'POST', body: token, headers: { 'Content-Type': 'text/plain' } });
  }
  return askJson('/list');
}

// Whether larmor is still there, every few seconds while the page is seen.
export function watch(every) {
  setInterval(() => {
    if (document.visibilityState === 'visible') ask('/list', { cache: 'no-store' }).then((answer) => answer.text(), () => {});
  }, every);
}
