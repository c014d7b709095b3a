// The rating card: five labelled stars, then an optional comment, or 'not now'.
import { button, h, icon } from './dom.js';
import { read, write } from './storage.js';
import { t } from './texts.js';

const COMMENT_LIMIT = 1000;

/** A card; `update({state, score})` follows the desk's survey events. `onRate({survey_id, score, comment?})` may throw. */
export function ratingCard(part, { onRate, focusComposer }) {
  const card = h('div', { className: 'rating' });
  const error = h('p', { className: 'error', role: 'alert' });
  let chosen = 0;
  let shown = '';

  const isPutOff = () => read('put_off', []).includes(part.survey_id);

  async function give(values, trigger) {
    error.textContent = '';
    trigger.setAttribute('aria-disabled', 'true');
    try {
      await onRate({ survey_id: part.survey_id, ...values });
      return true;
    } catch (failure) {
      error.textContent = failure.heals ? t('rating.failed') : failure.message;
      trigger.removeAttribute('aria-disabled');
      return false;
    }
  }

  function question() {
    const stars = h('div', { className: 'stars' });
    const hint = h('p', { className: 'hint', role: 'status' });
    for (let score = 1; score <= part.scale; score += 1) {
      const label = part.scale === 5 ? t(`rating.${score}`) : '';
      const input = h('input', { type: 'radio', name: `rating-${part.survey_id}`, value: score, className: 'unseen' });
      input.addEventListener('change', () => {
        chosen = score;
        hint.textContent = label ? `${score} – ${label}` : String(score);
        [...stars.children].forEach((star, i) => star.classList.toggle('is-on', i < score));
        send.removeAttribute('aria-disabled');
      });
      stars.append(h('label', { className: 'star', title: label }, input, icon('star'), h('span', { className: 'unseen' }, `${score} ${label}`)));
    }
    const send = h('button', { type: 'submit', className: 'primary', 'aria-disabled': 'true' }, t('rating.send'));
    const form = h('form', {
      on: {
        submit: async (event) => {
          event.preventDefault();
          if (!chosen) {
            error.textContent = t('rating.choose');
            return;
          }
          if (await give({ score: chosen }, send)) update({ state: 'comment_wanted', score: chosen }, true);
        },
      },
    }, h('fieldset', {}, h('legend', { dir: 'auto' }, part.question), stars, hint), error,
    h('div', { className: 'card-actions' }, send, button('quiet', t('rating.not_now'), () => {
      write('put_off', [...read('put_off', []), part.survey_id].slice(-20));
      update({ state: 'put_off' });
      focusComposer();
    })));
    return form;
  }

  function comment(score) {
    const field = h('textarea', { rows: 2, maxLength: COMMENT_LIMIT, dir: 'auto', id: `comment-${part.survey_id}` });
    const send = h('button', { type: 'submit', className: 'primary' }, t('rating.send_comment'));
    return h('form', {
      on: {
        submit: async (event) => {
          event.preventDefault();
          const text = field.value.trim();
          if (!text || await give({ score, comment: text }, send)) {
            update({ state: 'done', score });
            focusComposer();
          }
        },
      },
    }, h('p', { className: 'thanks' }, icon('check'), t('rating.thanks', { score })),
    h('label', { htmlFor: field.id }, t('rating.comment')), field, error,
    h('div', { className: 'card-actions' }, send, button('quiet', t('rating.no_comment'), () => {
      update({ state: 'done', score });
      focusComposer();
    })));
  }

  function update({ state, score }, takesFocus = false) {
    const next = state || (isPutOff() ? 'put_off' : 'open');
    if (next === shown || (shown === 'done' && next === 'comment_wanted')) return;
    shown = next;
    error.textContent = '';
    if (next === 'open') card.replaceChildren(question());
    else if (next === 'comment_wanted') card.replaceChildren(comment(score));
    else if (next === 'put_off') card.replaceChildren(h('p', { className: 'thanks' }, t('rating.put_off')));
    else card.replaceChildren(h('p', { className: 'thanks' }, icon('check'), score ? t('rating.thanks', { score }) : t('rating.done')));
    if (takesFocus) card.querySelector('textarea')?.focus();
  }

  update({});
  return { node: card, update };
}
