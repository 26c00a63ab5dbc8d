// A newcomer's first hour: sign in, set up, see the streak, change things, take the data, leave.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';
import {inspect, listen, openBrowser, until, World} from './world.mjs';

let world;
let browser;
const problems = [];

before(async () => {
  world = await World.start();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/// Somebody with a living streak, nothing today, and a webhook that works.
async function atRisk() {
  const lines = (await world.control('truth.jsonl')).trim().split('\n');
  const risky = lines.map((line) => JSON.parse(line)).filter((one) => one.truth === 'at_risk')
    .sort((one, other) => other.streak - one.streak);
  for (const one of risky) {
    const person = world.people.find((other) => other.login === one.login);
    if (person?.discord_webhook && !person.github_token) return person;
  }
  throw new Error('nobody is at risk');
}

async function signIn(page, login) {
  await page.goto(`${world.url}/sign-in`);
  await page.getByRole('button', {name: 'Sign in with GitHub'}).click();
  await page.getByLabel('Login').fill(login);
  await page.getByRole('button', {name: 'Authorize'}).click();
}

test('a newcomer signs in, sets up, sees the streak, and leaves again', async () => {
  const person = await atRisk();
  const context = await browser.newContext({timezoneId: 'Europe/Berlin', acceptDownloads: true});
  const page = await context.newPage();
  listen(page, problems);

  await page.goto(world.url);
  await inspect(page, 'landing', problems);
  await page.goto(`${world.url}/privacy`);
  await inspect(page, 'privacy', problems);
  await page.goto(`${world.url}/sign-in`);
  await inspect(page, 'sign-in', problems);

  await signIn(page, person.login);
  await page.waitForURL('**/setup/when');
  assert.equal(await page.getByLabel('Your time zone').inputValue(), 'Europe/Berlin');
  await inspect(page, 'setup-when', problems);
  await page.getByLabel('Reminder 1').fill('19:00');
  await page.getByLabel('Reminder 2').fill('22:30');
  await page.getByRole('button', {name: 'Continue'}).click();

  await page.waitForURL('**/setup/channels');
  await inspect(page, 'setup-channels', problems);
  await page.getByLabel('Webhook URL').fill('https://example.com/not-a-webhook');
  await page.getByRole('button', {name: 'Save the webhook'}).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Webhook URL').fill(person.discord_webhook);
  await page.getByRole('button', {name: 'Save the webhook'}).click();
  await page.getByText('Discord is set up').waitFor();
  await page.getByRole('link', {name: 'Continue'}).click();

  await page.waitForURL('**/setup/test');
  await inspect(page, 'setup-test', problems);
  const messagesBefore = (await world.messages()).length;
  await page.getByRole('button', {name: 'Send a test message'}).click();
  await page.getByRole('heading', {name: 'The message went out'}).waitFor();
  await inspect(page, 'test-result', problems);
  assert.equal((await world.messages()).length, messagesBefore + 1);
  await page.getByRole('link', {name: 'To the dashboard'}).click();

  await page.waitForURL('**/dashboard');
  await page.locator('svg.heat[role=img]').waitFor();
  assert.match(await page.locator('.number b').textContent(), /^\d+$/);
  await inspect(page, 'dashboard', problems);

  await page.goto(`${world.url}/settings`);
  await inspect(page, 'settings', problems);
  await page.getByLabel('Time zone').fill('Asia/Tokyo');
  await page.getByLabel('Reminder 1').fill('08:15');
  await page.locator('#when').getByRole('button', {name: 'Save'}).click();
  await page.getByRole('status').waitFor();
  assert.equal(await page.getByLabel('Time zone').inputValue(), 'Asia/Tokyo');
  assert.equal(await page.getByLabel('Reminder 1').inputValue(), '08:15');
  await page.getByLabel('Saturday').check();
  await page.locator('#days').getByRole('button', {name: 'Save'}).click();
  await page.getByText('The new rest days hold').waitFor();
  assert.ok(await page.getByLabel('Saturday').isChecked());
  await page.locator('#pause').getByRole('button', {name: 'Pause'}).click();
  await page.getByText('Paused until further notice').waitFor();
  await page.getByRole('button', {name: 'Resume now'}).click();
  await page.getByText('Welcome back').waitFor();

  const download = page.waitForEvent('download');
  await page.getByRole('link', {name: 'Download everything'}).click();
  const text = readFileSync(await (await download).path(), 'utf8');
  const data = JSON.parse(text);
  assert.equal(data.account.login, person.login);
  assert.equal(data.account.time_zone, 'Asia/Tokyo');
  assert.ok(!text.includes(person.discord_webhook.split('/').pop()), 'a credential is in the export');

  await page.getByRole('link', {name: 'Delete the account'}).click();
  await inspect(page, 'delete', problems);
  await page.getByRole('button', {name: 'Delete everything'}).click();
  await page.getByText('is deleted').waitFor();
  await page.goto(`${world.url}/dashboard`);
  await page.waitForURL('**/sign-in?next=*');
  await context.close();
});

test('a contribution shows up without a reload', async () => {
  const person = await atRisk();
  const context = await browser.newContext();
  const page = await context.newPage();
  listen(page, problems);
  await signIn(page, person.login);
  await page.waitForURL('**/setup/when');
  await page.goto(`${world.url}/dashboard`);
  await page.locator('svg.heat[role=img]').waitFor();
  const label = new Date().toISOString().slice(0, 10);
  await world.control('contribute', {login: person.login, count: 3, label});
  await page.getByRole('button', {name: 'Check now'}).click();
  await page.getByRole('heading', {name: 'You are safe today'}).waitFor();
  await context.close();
});

test('everything works without a script', async () => {
  const person = await atRisk();
  const context = await browser.newContext({javaScriptEnabled: false});
  const page = await context.newPage();
  await signIn(page, person.login);
  await page.waitForURL('**/*');
  await page.goto(`${world.url}/setup/when`);
  await page.getByLabel('Your time zone').fill('Europe/Paris');
  await page.getByRole('button', {name: 'Continue'}).click();
  await page.waitForURL('**/setup/channels');
  await page.getByLabel('Webhook URL').fill(person.discord_webhook);
  await page.getByRole('button', {name: 'the webhook'}).click();
  await page.goto(`${world.url}/dashboard`);
  await until('the year', async () => {
    await page.reload();
    return page.locator('svg.heat[role=img]').isVisible();
  });
  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.getByText('You are signed out').waitFor();
  await context.close();
});

test('nothing was wrong with any page', () => {
  assert.deepEqual([...new Set(problems)], []);
});
