// An operator watches a round of everybody, live, and looks a user up.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {inspect, listen, openBrowser, World} from './world.mjs';

let world;
let browser;
const problems = [];
const users = 1000;

before(async () => {
  world = await World.start({users, seed: 5, environment: {STREAKY_ADMIN_LOGINS: 'sim-000001'}});
  const file = path.join(world.folder, 'users.jsonl');
  writeFileSync(file, world.people.map((one) => JSON.stringify(one)).join('\n'));
  execFileSync(path.join(process.env.STREAKY_BIN, 'streaky'),
    ['--data', world.data, 'user', 'import', file],
    {env: {...process.env, ...world.environment}, stdio: 'ignore'});
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

test('an operator begins a round and watches it finish without a reload', async () => {
  const page = await (await browser.newContext()).newPage();
  listen(page, problems);
  await page.goto(`${world.url}/sign-in`);
  await page.getByRole('button', {name: 'Sign in with GitHub'}).click();
  await page.getByLabel('Login').fill('sim-000001');
  await page.getByRole('button', {name: 'Authorize'}).click();
  await page.waitForURL(`${world.url}/**`);
  await page.goto(`${world.url}/operator`);
  await page.getByRole('button', {name: 'Check everybody now'}).click();
  await page.waitForURL('**/operator/rounds/*');
  await page.getByText('The round is over.').waitFor({timeout: 120_000});
  const checked = await page.getByRole('progressbar').getAttribute('max');
  assert.ok(Number(checked) >= users * 0.9, checked);
  await inspect(page, 'operator-round', problems);
  await page.getByLabel('Login begins with').fill('sim-000002');
  await page.getByRole('button', {name: 'Search'}).click();
  await page.getByRole('button', {name: 'Run now for sim-000002'}).click();
  await page.waitForURL('**/operator/rounds/*');
  await page.getByText('1 of 1 checked').waitFor();
  await page.goto(`${world.url}/operator/health`);
  await page.getByRole('cell', {name: 'works'}).first().waitFor();
  await inspect(page, 'operator-health', problems);
  await page.goto(`${world.url}/operator/users`);
  await page.getByLabel('GitHub login or id').fill('sim-000002');
  await page.getByRole('button', {name: 'Look up'}).click();
  await page.getByRole('heading', {name: 'sim-000002'}).waitFor();
  await page.getByRole('button', {name: 'Pause'}).click();
  await page.getByText('The user is paused.').waitFor();
  await inspect(page, 'operator-users', problems);
  await page.goto(`${world.url}/operator`);
  await page.getByText('paused').waitFor();
  await inspect(page, 'operator', problems);
  const link = execFileSync(path.join(process.env.STREAKY_BIN, 'streaky'),
    ['--data', world.data, 'signin-link', 'sim-000003'],
    {env: {...process.env, ...world.environment}, encoding: 'utf8'}).trim();
  await page.goto(link);
  await inspect(page, 'sign-in-link', problems);
  await page.goto(`${world.url}/operator/rounds/none`);
  await page.getByRole('heading', {name: 'There is nothing here'}).waitFor();
  await inspect(page, 'problem', problems);
  await page.goto(`${world.url}/settings`);
  await page.locator('form[action="/settings/api-tokens"]').getByRole('textbox').fill('a script');
  await page.locator('form[action="/settings/api-tokens"]').getByRole('button').click();
  await page.locator('code').first().waitFor();
  await inspect(page, 'token-made', problems);
  assert.deepEqual([...new Set(problems)], []);
});
