// What pages do better with a script; without it they work all the same.
'use strict';

// The time that is left counts down by itself.
function countDown() {
  for (const time of document.querySelectorAll('time[data-left]')) {
    const minutes = Math.floor((Date.parse(time.dateTime) - Date.now()) / 60000);
    if (minutes < 1) {
      time.textContent = 'less than a minute';
    } else {
      const hours = Math.floor(minutes / 60);
      const rest = minutes % 60;
      time.textContent = [hours && `${hours} h`, rest && `${rest} min`].filter(Boolean).join(' ');
    }
  }
}

// Puts what has changed on the server into the page, and leaves what the reader holds alone.
async function refresh() {
  const answer = await fetch(location.pathname, {headers: {Accept: 'text/html'}});
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const now = document.getElementById('main');
  const next = fresh.getElementById('main');
  if (!now || !next) return;
  const open = [...now.querySelectorAll('details')].map((one) => one.open);
  const scrolled = [...now.querySelectorAll('.scroll')].map((one) => one.scrollLeft);
  const focused = now.contains(document.activeElement);
  const label = focused ? document.activeElement.textContent : '';
  now.replaceChildren(...next.childNodes);
  now.querySelectorAll('details').forEach((one, i) => { one.open = open[i] ?? one.open; });
  now.querySelectorAll('.scroll').forEach((one, i) => { one.scrollLeft = scrolled[i] ?? one.scrollWidth; });
  if (focused) {
    const again = [...now.querySelectorAll('button, a, summary')].find((one) => one.textContent === label);
    (again ?? now).focus();
  }
  countDown();
}

function listen() {
  const source = new EventSource(`${document.body.dataset.newsAt}?mark=${document.body.dataset.mark}`);
  let waiting;
  source.addEventListener('news', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh().catch(() => {}), 150);
  });
}

// The zone of this browser, for who has not chosen one.
function proposeZone() {
  const field = document.querySelector('[data-propose-zone]');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (field && zone) field.value = zone;
}

// One more empty field as soon as the last one is filled in.
function growTimes() {
  for (const times of document.querySelectorAll('[data-times]')) {
    times.addEventListener('input', () => {
      const fields = times.querySelectorAll('input');
      const last = fields[fields.length - 1];
      if (!last.value || fields.length >= 24) return;
      const next = last.cloneNode();
      next.value = '';
      next.setAttribute('aria-label', `Reminder ${fields.length + 1}`);
      times.append(next);
    });
  }
}

for (const one of document.querySelectorAll('.scroll')) one.scrollLeft = one.scrollWidth;
countDown();
setInterval(countDown, 15000);
proposeZone();
growTimes();
if (document.body.dataset.mark) listen();
