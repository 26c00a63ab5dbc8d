// What reaches people outside the site: links in messages, and a chat that is connected by Start.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {inspect, listen, openBrowser, until, World} from './world.mjs';

let world;
let browser;
const problems = [];

/// Where it is about noon now, so that the day is long enough for a snooze.
const offset = 12 - new Date().getUTCHours();
const noon = `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
const dateIn = (timeZone) => new Intl.DateTimeFormat('en-CA', {timeZone}).format(new Date());

before(async () => {
  // The bot that plays the service's is the one of the world's first people.
  const probe = await World.start({users: 60, seed: 3});
  const token = probe.people.find((one) => one.telegram)?.telegram.token;
  await probe.stop();
  world = await World.start({users: 60, seed: 3,
    environment: {STREAKY_TELEGRAM_BOT_TOKEN: token}});
  world.botToken = token;
  // The same people, all of whose channels and accounts work.
  await world.control('seed', {users: 60, seed: 3, broken: false});
  world.people = (await world.control('users.jsonl')).trim().split('\n')
    .map((line) => JSON.parse(line));
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/// Somebody with a living streak and nothing on what is today at noon's zone.
async function atRisk(fits) {
  const lines = (await world.control('truth.jsonl')).trim().split('\n');
  for (const one of lines.map((line) => JSON.parse(line))) {
    const person = world.people.find((other) => other.login === one.login);
    const risky = one.truth === 'at_risk' && person && !person.github_token &&
      !person.rest_days && dateIn(person.time_zone) === dateIn(noon);
    if (risky && fits(person)) return person;
  }
  throw new Error('nobody is at risk');
}

const streaky = (...flags) => execFileSync(path.join(process.env.STREAKY_BIN, 'streaky'),
  ['--data', world.data, ...flags], {env: {...process.env, ...world.environment}, stdio: 'pipe'});

async function signIn(page, login) {
  await page.goto(`${world.url}/sign-in`);
  await page.getByRole('button', {name: 'Sign in with GitHub'}).click();
  await page.getByLabel('Login').fill(login);
  await page.getByRole('button', {name: 'Authorize'}).click();
  await page.waitForURL(`${world.url}/**`);
}

/// The newest message of that person with links.
const reminder = (login) => until('a reminder', async () => (await world.messages())
  .filter((one) => one.login === login && one.links).pop());
const link = (message, label) => message.links.find((one) => one.label === label).url;

test('somebody snoozes from a message, and ends the day', async () => {
  const person = await atRisk((one) => one.discord_webhook);
  const context = await browser.newContext();
  const page = await context.newPage();
  listen(page, problems);
  await signIn(page, person.login);
  streaky('user', 'add', person.login, '--time-zone', noon, '--remind-at', '23:59',
    '--discord-webhook', person.discord_webhook);
  streaky('batch', 'trigger', '--login', person.login);
  const message = await reminder(person.login);

  // A phone on which nobody is signed in; a preview looks first and changes nothing.
  const phone = await (await browser.newContext()).newPage();
  listen(phone, problems);
  await fetch(link(message, 'Snooze an hour'));
  await phone.goto(link(message, 'Snooze an hour'));
  await inspect(phone, 'day-link', problems);
  await page.goto(`${world.url}/dashboard`);
  assert.equal(await page.getByText('as you asked').count(), 0);
  await phone.getByRole('button', {name: 'Snooze'}).click();
  await phone.getByText('You hear again at').waitFor();
  await inspect(phone, 'day-link-used', problems);
  await page.getByText('Snoozed until').waitFor();  // without a reload
  await inspect(page, 'dashboard-snoozed', problems);
  await page.getByRole('button', {name: 'Take back'}).click();
  await page.getByText('Taken back.').waitFor();

  await phone.goto(link(message, 'No more today'));
  await phone.getByRole('button', {name: 'No more today'}).click();
  await phone.getByText('No more messages come today').waitFor();
  await phone.goto(link(message, 'No more today'));
  assert.equal(await phone.getByRole('button', {name: 'No more today'}).count(), 0, 'it works once');
  await context.close();
});

test('a Telegram chat is connected by pressing Start, and the page says so by itself', async () => {
  const person = world.people.find((one) => one.telegram?.token === world.botToken &&
    Number(one.telegram.chat_id) > 0);
  const context = await browser.newContext();
  const page = await context.newPage();
  listen(page, problems);
  await signIn(page, person.login);
  await until('the bot', async () => {
    await page.goto(`${world.url}/setup/channels`);
    return page.getByRole('button', {name: 'Connect Telegram'}).isVisible();
  });
  await inspect(page, 'setup-channels-telegram', problems);
  await page.getByRole('button', {name: 'Connect Telegram'}).click();
  await page.waitForURL('**/settings/telegram');
  await inspect(page, 'telegram-start', problems);
  const address = await page.getByRole('link', {name: /^Open @/}).getAttribute('href');
  const payload = new URL(address).searchParams.get('start');
  await world.control('start', {login: person.login, payload});
  await page.getByText('Connected:').waitFor();
  await inspect(page, 'telegram-connected', problems);
  await until('the word in the chat', async () => (await world.messages()).some((one) =>
    one.login === person.login && one.text.includes('This chat will hear')));

  await page.goto(`${world.url}/settings`);
  await page.getByLabel('Sound of Telegram').selectOption('quiet');
  await page.getByRole('button', {name: 'Save the sound of Telegram'}).click();
  await page.getByText('The next message keeps to it').waitFor();
  assert.equal(await page.getByLabel('Sound of Telegram').inputValue(), 'quiet');
  await inspect(page, 'settings-channels', problems);
  await context.close();
});

test('nothing was wrong with any page', () => {
  assert.deepEqual([...new Set(problems)], []);
});
