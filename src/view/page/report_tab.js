// The tab with the page that larmor report wrote; during a training it follows the file.
// SPDX-License-Identifier: Apache-2.0
import { byId, make, press, tellFailure } from '/element.js';
import { ask } from '/session.js';

const EVERY = 3000; // ms between two looks at the file

export class ReportTab {
  constructor() {
    this.frame = null;
    this.stamp = null;
    this.message = make('p', { className: 'message' });
    byId('report').append(this.message);
    byId('tab_images').onclick = () => this.show(false);
    byId('tab_report').onclick = () => this.show(true);
    byId('tabs').hidden = false;
    setInterval(() => {
      if (!byId('report').hidden && document.visibilityState === 'visible') this.look();
    }, EVERY);
  }

  show(report) {
    byId('images').hidden = report;
    byId('report').hidden = !report;
    document.body.classList.toggle('reading', report);
    press(byId('tab_images'), !report);
    press(byId('tab_report'), report);
    if (report) this.look();
  }

  // Loads the frame where the file is another than before
  async look() {
    if (this.looking) return;
    this.looking = true;
    try {
      const answer = await ask('/report', { cache: 'no-cache' });
      const stamp = answer.headers.get('ETag') || answer.headers.get('Last-Modified') || await answer.clone().text();
      await answer.body?.cancel();
      this.message.textContent = '';
      if (stamp !== this.stamp) this.load();
      this.stamp = stamp;
    } catch (failure) {
      tellFailure(this.message, failure);
    } finally {
      this.looking = false;
    }
  }

  // A new frame behind the old one, so that nothing flashes; the reader stays where they were.
  load() {
    const was = this.frame, y = was?.contentDocument?.defaultView.scrollY || 0;
    const frame = make('iframe', { title: 'report', src: '/report', className: was ? 'coming' : '' });
    frame.setAttribute('sandbox', 'allow-same-origin'); // no script of a report runs
    frame.addEventListener('load', () => {
      frame.contentDocument?.defaultView.scrollTo(0, y);
      frame.className = '';
      was?.remove();
    }, { once: true });
    byId('report').append(frame);
    this.frame = frame;
  }
}
