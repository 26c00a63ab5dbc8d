"""The original's site and cron with our server as their backend, request by request."""
import datetime
import json
import unittest
import urllib.error
import urllib.request

from support import PostgresTest, ProcessTest, fetch, until

SECRET = "shared-by-site-and-backend"


class Original(ProcessTest):
    def start(self):
        self.world = self.start_world("--users", "60", "--seed", "5", "--lift-limits")
        # By the names that the original's deployment has in its environment already.
        self.environment.update(SERVER_SECRET=SECRET, NEXTAUTH_SECRET=SECRET)
        self.url = self.serve().url

    def ask(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={
            "Content-Type": "application/json", "Accept": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def site(self, person, method, path, body=None):
        """What the site's server sends on behalf of who is signed in there."""
        return self.ask(method, path, body, X_Server_Secret=SECRET, X_User_ID=str(person["id"]),
                        X_User_Username=person["login"], X_User_Email="somebody@example.com")

    def cron(self, method, path, body=None):
        return self.ask(method, path, body, X_Cron_Secret=SECRET)

    def people(self):
        """Those of the world who have a webhook, with their ids at GitHub."""
        found = []
        for line in fetch(f"{self.world.url}/control/users.jsonl").splitlines():
            person = json.loads(line)
            query = json.dumps({"query": f'{{user(login:"{person["login"]}"){{databaseId login}}}}'})
            request = urllib.request.Request(
                f"{self.world.url}/graphql", data=query.encode(),
                headers={"Authorization": "Bearer ghp_sim0", "Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                user = (json.loads(answer.read()).get("data") or {}).get("user")
            if user and "discord_webhook" in person:
                found.append({"id": user["databaseId"], "login": user["login"],
                              "webhook": person["discord_webhook"]})
        return found

    def jobs(self, batch):
        return self.rows(f"SELECT id, user_id FROM jobs WHERE batch_id = '{batch}'")

    def finished(self, batch):
        status, answer = self.cron("GET", f"/api/cron/batch/{batch}")
        self.assertEqual(status, 200, answer)
        return answer if answer["percentage"] == 100 else None

    def test_its_site_and_its_cron_find_what_they_know(self):
        self.start()
        self.assertEqual(self.ask("GET", "/"), (200, {
            "name": "Streaky API", "status": "healthy",
            "version": json.loads(fetch(self.url + "/health"))["version"]}))
        people = self.people()
        self.assertGreater(len(people), 20)
        nothing = {"hasPat": False, "hasDiscord": False, "hasTelegram": False,
                   "reminderUtcHour": 12}
        self.assertEqual(self.site(people[0], "GET", "/api/user/preferences"), (200, nothing))
        self.assertEqual(self.site(people[0], "GET", "/api/user/dashboard"),
                         (404, {"error": "User not found"}))
        # An hour that has come, and whose day does not end while the test runs.
        now = datetime.datetime.now(datetime.timezone.utc)
        if now.hour == 23 and now.minute > 55:
            until("the new day", lambda: datetime.datetime.now(datetime.timezone.utc).hour == 0, 400)
        hour = datetime.datetime.now(datetime.timezone.utc).hour
        for person in people:
            self.assertEqual(
                self.site(person, "POST", "/api/user/preferences",
                          {"discordWebhook": person["webhook"], "reminderUtcHour": hour}),
                (200, {"success": True, "message": "Preferences updated successfully"}))
        self.assertEqual(self.site(people[0], "GET", "/api/user/preferences"),
                         (200, {**nothing, "hasDiscord": True, "reminderUtcHour": hour}))

        status, begun = self.cron("POST", "/api/cron/trigger")
        self.assertEqual((status, begun["success"], begun["users"]), (200, True, len(people)), begun)
        queue, user = self.jobs(begun["batchId"])[0]
        status, processed = self.cron("POST", "/api/cron/process-user",
                                      {"queueId": queue, "userId": user})
        self.assertEqual((status, processed["success"], processed["queueId"], processed["userId"]),
                         (200, True, queue, user), processed)
        done = until("the round", lambda: self.finished(begun["batchId"]))
        self.assertEqual(done["progress"]["total"], len(people))
        self.assertEqual(self.cron("POST", "/api/cron/process-user",
                                   {"queueId": queue, "userId": user})[1]["reason"],
                         "Already completed")

        told = until("a notification", lambda: self.told(people))
        status, board = self.site(told, "GET", "/api/user/dashboard")
        self.assertEqual(set(board), {"username", "currentStreak", "contributedToday",
                                      "contributionsToday", "notifications"})
        self.assertFalse(board["contributedToday"])
        self.assertGreater(board["currentStreak"], 0)
        self.assertEqual((board["notifications"][0]["channel"], board["notifications"][0]["status"]),
                         ("discord", "sent"))

        before = len(self.world.lines("ledger"))
        status, again = self.cron("POST", "/api/cron/trigger")
        if "batchId" in again:
            until("the second round", lambda: self.finished(again["batchId"]))
        until("nothing under way", lambda: self.settled())
        self.assertEqual(len(self.world.lines("ledger")), before, "somebody is told twice")

    def told(self, people):
        rows = self.rows("""
            SELECT u.database_id FROM users u JOIN deliveries d ON d.user_id = u.id
             WHERE d.state = 'sent' AND d.kind = 'reminder' LIMIT 1""")
        return next((p for p in people if rows and p["id"] == rows[0][0]), None)

    def settled(self):
        return all(json.loads(line)["settled"] for line in
                   self.streaky("batch", "list", "--json").stdout.splitlines())

    def test_too_large_a_request(self):
        self.start()
        status, answer = self.cron("POST", "/api/cron/trigger", "x" * (1 << 20))
        self.assertEqual((status, answer),
                         (413, {"error": "Request too large", "maxSizeBytes": 1 << 20}))

    def test_without_secrets_nothing_of_it_is_there(self):
        self.start_world("--users", "1")
        self.url = self.serve().url
        for method, path in (("GET", "/api/user/preferences"), ("POST", "/api/cron/trigger")):
            status, answer = self.ask(method, path, {} if method == "POST" else None,
                                      X_Cron_Secret="", X_Server_Secret="")
            self.assertEqual((status, answer["code"]), (404, "not_found"))


class OriginalOnPostgres(Original, PostgresTest):
    """The same contract on the other database."""

    test_without_secrets_nothing_of_it_is_there = None  # asks no database


if __name__ == "__main__":
    unittest.main()
