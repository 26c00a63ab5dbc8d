"""The API of a running server against docs/openapi.yaml: each route, status and field, both ways."""
import json
import re
import unittest
import urllib.error
import urllib.parse
import urllib.request

from openapi import Description, routes_of_the_table
from support import PostgresTest, ProcessTest, fetch
from test_web import Browser

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Caller:
    """Somebody who uses the API, from an address of their own for each request."""

    def __init__(self, test, url, **headers):
        self.test, self.url, self.headers = test, url, headers

    def __call__(self, method, path, body=None, status=None, query="", address=None, **more):
        """`path` is one of the file, with `{id}` where `more` has `id`. Gives the answer's JSON."""
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        address = address or self.test.next_address()
        headers = {"X-Forwarded-For": address, **self.headers}
        if raw is not None:
            headers["Content-Type"] = "application/json"
        headers.update(more.pop("headers", {}))
        url = self.url + path.format(**more) + query
        request = urllib.request.Request(url, data=raw, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self.judge(method, path, answer, status)
        except urllib.error.HTTPError as error:
            with error:
                return self.judge(method, path, error, status)

    def judge(self, method, path, answer, status):
        text = answer.read().decode()
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        value = json.loads(text) if text else None
        wrong = self.test.description.check(method, path, answer.status, kind, text, value)
        self.test.assertEqual(wrong, [], f"{method} {path} {answer.status}: {text}")
        if status is not None:
            self.test.assertEqual(answer.status, status, f"{method} {path}: {text}")
        return value


class Api(ProcessTest):
    def setUp(self):
        super().setUp()
        self.description = Description()
        self.addresses = 0

    def next_address(self):
        self.addresses += 1
        return f"198.51.{100 + self.addresses // 250}.{1 + self.addresses % 250}"

    def start(self):
        """A web without a worker, so that what waits goes on waiting; messages of a round before."""
        world = self.start_world("--users", "40", "--seed", "3", "--lift-limits")
        self.move_in(world)
        self.people = [json.loads(line) for line in
                       fetch(f"{world.url}/control/users.jsonl").splitlines()]
        self.streaky("batch", "trigger", "--wait", code=1)  # some channels are dead
        # With an app at GitHub, a one-time link alone makes nobody an operator.
        self.environment.update(
            STREAKY_GITHUB_CLIENT_ID="sim-client-id", STREAKY_GITHUB_CLIENT_SECRET="s",
            STREAKY_GITHUB_WEB_URL=world.url, STREAKY_SERVER_TRUSTED_PROXIES="127.0.0.1",
            STREAKY_ADMIN_LOGINS=self.people[0]["login"])
        self.url = self.serve("--role", "web").url
        self.boss = self.program_of(self.people[0])
        told = self.rows("""
            SELECT u.login FROM users u JOIN deliveries d ON d.user_id = u.id
             WHERE d.state = 'sent' AND d.channel_kind = 'discord'
               AND (SELECT COUNT(*) FROM channels c WHERE c.user_id = u.id) = 1""")
        told = next(p for p in self.people[1:] if (p["login"],) in told)
        self.webhook = told["discord_webhook"]
        self.user = self.program_of(told)
        self.stranger = Caller(self, self.url)

    def program_of(self, person):
        browser = Browser()
        link = self.streaky("signin-link", person["login"]).stdout.strip()
        link = self.url + urllib.parse.urlsplit(link).path
        browser.submit(link, link)
        page = browser.submit(self.url + "/settings", self.url + "/settings/api-tokens", name="test")
        self.browser = browser
        return Caller(self, self.url, Authorization="Bearer " + re.search(
            r"<code>([\w-]{43})</code>", page).group(1))

    def own_data(self):
        call = self.user
        call("GET", "/api/v1/profile", status=200)
        call("GET", "/api/v1/settings", status=200)
        call("GET", "/api/v1/streak", status=200)
        change = {"time_zone": "Europe/Berlin", "remind_at": ["20:00"], "rest_days": ["sun"],
                  "daily_summary": True, "github_token": None, "public_card": False,
                  "pause": {"until": None}}
        for body in (change, {"pause": None, "rest_days": None}):
            self.assertEqual(self.description.check_request("PATCH", "/api/v1/settings", body), [])
            call("PATCH", "/api/v1/settings", body, status=200)
        refused = {"timezone": "UTC"}
        self.assertNotEqual(
            self.description.check_request("PATCH", "/api/v1/settings", refused), [])
        call("PATCH", "/api/v1/settings", refused, status=422)
        call("POST", "/api/v1/checks", status=202)

    def channels(self):
        call, one = self.user, "/api/v1/channels/{id}"
        old = call("GET", "/api/v1/channels", status=200)["channels"][0]["id"]
        call("GET", one, id=old, status=200)
        call("DELETE", one, id=old, status=204)
        body = {"kind": "discord", "webhook": self.webhook}
        self.assertEqual(self.description.check_request("POST", "/api/v1/channels", body), [])
        made = call("POST", "/api/v1/channels", body, status=201)["id"]
        call("POST", "/api/v1/channels", body, status=409)
        call("POST", "/api/v1/channels", {"kind": "pigeon"}, status=422)
        call("PUT", one, body, id=made, status=200)
        call("PUT", one, {"webhook": 7}, id=made, status=422)
        level = {"level": "quiet"}
        self.assertEqual(self.description.check_request("PATCH", one, level), [])
        self.assertEqual(call("PATCH", one, level, id=made, status=200)["level"], "quiet")
        call("PATCH", one, {"level": "LOUD"}, id=made, status=422)
        tested = call("POST", one + "/test", id=made, status=200)
        self.assertTrue(tested["arrived"], tested)

    def pages(self):
        first = self.user("GET", "/api/v1/deliveries", status=200)
        self.assertTrue(first["deliveries"], "the round before has told nobody")
        self.user("GET", "/api/v1/deliveries", query="?limit=0", status=400)
        for what in ("batches", "users"):
            path, seen, cursor = f"/api/v1/operator/{what}", [], ""
            while cursor is not None:
                page = self.boss("GET", path, query=f"?limit=3&cursor={cursor}", status=200)
                seen += [one["id"] for one in page[what]]
                cursor = page["next_cursor"]
            self.assertEqual(len(seen), len(set(seen)))
            self.boss("GET", path, query="?cursor=x", status=400)
        self.assertEqual(len(seen), len(self.people))

    def rounds(self):
        call, batches, jobs = self.boss, "/api/v1/operator/batches", "/api/v1/operator/jobs"
        batch = call("POST", batches, status=201)["id"]
        call("GET", batches + "/{id}", id=batch, status=200)
        waiting = call("GET", jobs, query=f"?batch={batch}&state=pending&limit=100", status=200)["jobs"]
        self.assertEqual(len(waiting), len(self.people))
        call("GET", jobs, status=400)
        one = waiting[0]["id"]
        call("GET", jobs + "/{id}", id=one, status=200)
        call("POST", jobs + "/{id}/run", id=one, status=200)
        call("POST", jobs + "/{id}/retry", id=one, status=409)
        self.rows("UPDATE jobs SET state = 'failed', error = 'deadline', ended_at = created_at "
                      f"WHERE id = {one}")
        call("GET", batches + "/{id}", id=batch, status=200)
        call("POST", jobs + "/{id}/run", id=one, status=409)
        call("POST", jobs + "/{id}/retry", id=one, status=200)
        call("POST", batches + "/{id}/retry", id=batch, status=200)
        user, users = waiting[0]["user_id"], "/api/v1/operator/users"
        call("GET", users + "/{id}", id=user, status=200)
        call("POST", users + "/{id}/pause", id=user, status=200)
        call("POST", users + "/{id}/resume", id=user, status=200)
        self.rows("UPDATE users SET status = 'paused', next_check_at = NULL")
        call("POST", batches, status=409)

    def refusals(self):
        """What is refused alike on every route that can refuse it."""
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.browser.jar)
        session = Caller(self, self.url, Cookie=cookies)
        for method, path in sorted(self.description.routes()):
            operator = "/operator/" in path
            call = self.boss if operator else self.user
            found = {"id": "999999"} if "{id}" in path else {}
            self.stranger(method, path, status=401, **found)
            if "{id}" in path:
                call(method, path, status=404, body=self.body_of(method, path), **found)
            if operator:
                self.user(method, path, status=404, **found)
            if method not in WRITES:
                continue
            call(method, path, b"{", status=400, **found)
            call(method, path, b" " * 20_000, status=413, **found)
            call(method, path, b"a=1", status=415, **found,
                 headers={"Content-Type": "application/x-www-form-urlencoded"})
            if not operator:
                session(method, path, status=403, **found)
            if self.body_of(method, path) is None:
                call(method, path, {"a": 1}, status=422, **found)

    @staticmethod
    def body_of(method, path):
        bodies = {("PUT", "/api/v1/channels/{id}"): {"webhook": "x"},
                  ("PATCH", "/api/v1/channels/{id}"): {"level": "quiet"},
                  ("POST", "/api/v1/channels"): {}, ("PATCH", "/api/v1/settings"): {}}
        return bodies.get((method, path))

    def operators_without_proof(self):
        self.program_of(self.people[0])
        cookies = "; ".join(f"{one.name}={one.value}" for one in self.browser.jar)
        session = Caller(self, self.url, Cookie=cookies)
        for method, path in sorted(self.description.routes()):
            if "/operator/" in path and method in WRITES:
                session(method, path, status=403, **({"id": "1"} if "{id}" in path else {}))

    def limits(self):
        """Each route has one, which holds before anything is looked up."""
        for method, path in sorted(self.description.routes()):
            found = {"id": "1"} if "{id}" in path else {}
            for _ in range(100):
                problem = self.stranger(method, path, address="192.0.2.1", **found)
                if problem["status"] == 429:
                    break
            self.assertEqual(problem["status"], 429, f"{method} {path}")

    def test_the_running_server_and_its_description_agree(self):
        self.assertEqual(routes_of_the_table(), self.description.routes())
        self.start()
        self.own_data()
        self.channels()
        self.pages()
        self.refusals()
        self.operators_without_proof()
        self.rounds()
        self.limits()
        self.assertEqual(self.description.statuses() - self.description.met, set(),
                         "described, but never met")

    def test_a_field_that_is_not_described_is_noticed(self):
        for where, schema in self.description.objects():
            self.assertIs(schema.get("additionalProperties"), False, where)
            change = "Change" in where or "New" in where
            if not change:
                self.assertEqual(set(schema["required"]), set(schema["properties"]), where)
        profile = {"$ref": "#/components/schemas/Retried"}
        self.assertEqual(self.description.errors(profile, {"retried": 1}), [])
        self.assertTrue(self.description.errors(profile, {"retried": 1, "more": 1}))
        self.assertTrue(self.description.errors(profile, {}))


class ApiOnPostgres(Api, PostgresTest):
    """The same server on the other database."""

    test_a_field_that_is_not_described_is_noticed = None  # asks no server


if __name__ == "__main__":
    unittest.main()
