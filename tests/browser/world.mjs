// The simulated world and Streaky as real processes, and a browser to visit them with.
//
// Nothing sleeps: `until` polls for the event and fails after a limit.
import {spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, existsSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import axe from 'axe-core';
import {chromium} from 'playwright-core';

const bin = process.env.STREAKY_BIN ?? path.resolve(import.meta.dirname ?? '.', '../../build');
export const pictures = process.env.STREAKY_PICTURES ?? path.join(bin, 'screenshots');

export async function until(what, condition, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const value = await condition();
    if (value) return value;
    await pause(30);
  }
  throw new Error(`waited ${seconds} s in vain for ${what}`);
}

/** Below the range from which the kernel takes ports for outgoing connections. */
async function freePort() {
  const server = createServer();
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const free = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

export class World {
  static async start({users = 40, seed = 3, single = false, environment = {}} = {}) {
    const world = new World();
    world.folder = mkdtempSync(path.join(tmpdir(), 'streaky-browser-'));
    world.processes = [];
    const portFile = path.join(world.folder, 'world.port');
    world.run('streaky-sim', ['--listen', '127.0.0.1:0', '--port-file', portFile, '--users',
      String(users), '--seed', String(seed), '--lift-limits'], {});
    await until('the world', () => existsSync(portFile) && readFileSync(portFile, 'utf8').trim());
    world.services = `http://127.0.0.1:${readFileSync(portFile, 'utf8').trim()}`;
    const port = await freePort();
    world.url = `http://127.0.0.1:${port}`;
    const app = single ? {} : {STREAKY_GITHUB_CLIENT_ID: 'sim-client-id',
      STREAKY_GITHUB_CLIENT_SECRET: 'sim-client-secret'};
    world.environment = {
      STREAKY_GITHUB_API_URL: world.services, STREAKY_GITHUB_WEB_URL: world.services,
      STREAKY_DISCORD_API_URL: world.services, STREAKY_TELEGRAM_API_URL: world.services,
      STREAKY_GITHUB_TOKENS: 'ghp_sim0,ghp_sim1', STREAKY_SERVER_PUBLIC_URL: world.url,
      ...app, ...environment,
    };
    world.data = path.join(world.folder, 'data');
    world.serve = world.run('streaky', ['--data', world.data, 'serve', '--listen',
      `127.0.0.1:${port}`], world.environment);
    await until('serve', async () => {
      if (world.serve.exitCode !== null) throw new Error('serve has ended');
      try {
        return (await fetch(`${world.url}/ready`)).ok;
      } catch {
        return false;
      }
    });
    const lines = await (await fetch(`${world.services}/control/users.jsonl`)).text();
    world.people = lines.trim().split('\n').map((line) => JSON.parse(line));
    return world;
  }

  run(name, flags, environment) {
    const clean = Object.fromEntries(Object.entries(process.env)
      .filter(([key]) => !key.startsWith('STREAKY_') && !key.startsWith('GITHUB_')));
    const child = spawn(path.join(bin, name), flags, {
      env: {...clean, TZ: 'UTC', NO_COLOR: '1', ...environment},
      stdio: ['ignore', 'ignore', process.env.STREAKY_SHOW_LOG ? 'inherit' : 'ignore'],
    });
    this.processes.push(child);
    return child;
  }

  async control(name, body) {
    const answer = await fetch(`${this.services}/control/${name}`, body && {
      method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'}});
    return answer.text();
  }

  async messages() {
    const text = await this.control('ledger');
    return text.trim() ? text.trim().split('\n').map((line) => JSON.parse(line)) : [];
  }

  async stop() {
    for (const child of this.processes.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, {recursive: true, force: true});
  }
}

export async function openBrowser() {
  const executablePath = process.env.STREAKY_CHROMIUM ?? '/usr/bin/chromium';
  // Root cannot have Chromium's sandbox; these pages are our own.
  return chromium.launch({executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage']});
}

const sizes = {desktop: {width: 1280, height: 900}, phone: {width: 390, height: 844}};

/// Looks at the page in both schemes and sizes: no violation of accessibility, no error of the
/// script or the policy, nothing wider than the screen; and keeps a picture of each.
export async function inspect(page, name, problems) {
  mkdirSync(pictures, {recursive: true});
  const before = page.viewportSize();
  for (const [device, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
      const file = path.join(pictures, `${name}-${device}-${colorScheme}.png`);
      await page.screenshot({path: file, fullPage: true});
      // By the debugger, since the page's own policy lets in no other script.
      await page.evaluate(axe.source);
      const result = await page.evaluate(() => axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}));
      for (const violation of result.violations) {
        const places = violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ');
        problems.push(`${name} ${device} ${colorScheme}: ${violation.id}: ${violation.help}: ${places}`);
      }
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) problems.push(`${name} ${device}: ${wide} pixels too wide`);
    }
  }
  await page.emulateMedia({colorScheme: 'light'});
  if (before) await page.setViewportSize(before);
}

/// Notes what the browser complains of: errors of scripts, refusals by the policy.
export function listen(page, problems) {
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) {
      problems.push(`console: ${message.text()}`);
    }
  });
}
