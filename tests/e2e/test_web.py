"""The web as a real process: single-user mode, its one-time link, roles, and what the log shows."""
import http.cookiejar
import json
import re
import stat
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import ProcessTest, fetch, until


class Browser:
    """Cookies, forms, redirects."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.opener.addheaders = [("Accept", "text/html")]

    def get(self, url):
        with self.opener.open(url, timeout=30) as answer:
            return answer.read().decode()

    def submit(self, page, url, **fields):
        proof = re.search(r'name="csrf" value="([^"]+)"', self.get(page)).group(1)
        body = urllib.parse.urlencode({"csrf": proof, **fields}).encode()
        with self.opener.open(url, body, timeout=30) as answer:
            return answer.read().decode()


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Web(ProcessTest):
    def serve_web(self, *arguments, **environment):
        # Links name the public address, so it has to be the one that is listened on.
        self.environment.update(environment)
        return self.serve(*arguments)

    def link_for(self, serve, text):
        return serve.url + urllib.parse.urlsplit(text.strip()).path

    def test_a_link_from_the_file_signs_the_first_user_in_once(self):
        self.start_world("--users", "5", "--seed", "3")
        serve = self.serve_web()
        file = self.data / "signin-link"
        until("the link", file.exists)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        link = self.link_for(serve, file.read_text())
        token = link.rsplit("/", 1)[1]
        browser = Browser()
        page = browser.submit(link, link, login="sim-000001")
        self.assertIn("When shall we look?", page)
        until("the year", lambda: 'role="img"' in browser.get(serve.url + "/dashboard"))
        self.assertEqual(status_of(link), 404)
        # Who runs Streaky alone sees the operator's pages, too.
        self.assertIn("Check everybody now", browser.get(serve.url + "/operator"))
        log = (self.folder / "serve-1.log").read_text()
        self.assertNotIn(token, log)
        for cookie in browser.jar:
            self.assertNotIn(cookie.value, log)
            self.assertNotIn(cookie.value.encode(), (self.data / "streaky.db").read_bytes())

    def test_the_command_makes_links_and_names_what_is_missing(self):
        world = self.start_world("--users", "3", "--seed", "3")
        self.move_in(world)
        serve = self.serve_web()
        self.assertFalse((self.data / "signin-link").exists(), "nobody is guessed at")
        done = self.streaky("signin-link", code=2)
        self.assertIn("several users", done.stderr)
        self.streaky("signin-link", "nobody-here", code=2)
        login = self.streaky("user", "list", "--json").stdout.splitlines()[0]
        login = json.loads(login)["login"]
        first = self.link_for(serve, self.streaky("signin-link", login).stdout)
        second = self.link_for(serve, self.streaky("signin-link", login).stdout)
        self.assertEqual(status_of(first), 404, "a new link ends the old one")
        browser = Browser()
        self.assertIn(login, browser.submit(second, second))

    def test_a_worker_alone_has_no_pages(self):
        self.start_world("--users", "3", "--seed", "3")
        serve = self.serve("--role", "worker,scheduler")
        self.assertEqual(status_of(serve.url + "/"), 404)
        self.assertEqual(status_of(serve.url + "/sign-in"), 404)
        self.assertEqual(status_of(serve.url + "/ready"), 200)
        self.assertIn("streaky_", fetch(serve.url + "/metrics"))

    def test_it_stops_at_once_though_pages_are_open(self):
        self.start_world("--users", "3", "--seed", "3")
        serve = self.serve_web()
        file = self.data / "signin-link"
        until("the link", file.exists)
        link = self.link_for(serve, file.read_text())
        browser = Browser()
        browser.submit(link, link, login="sim-000001")
        stream = browser.opener.open(serve.url + "/live", timeout=30)
        self.assertTrue(stream.readline().startswith(b"retry:"))
        self.assertEqual(self.end(serve, 15), 0)


if __name__ == "__main__":
    unittest.main()
