"""The dashboard in packaging/ asks for numbers that the programs give."""
import json
import re
import unittest

from support import ROOT, ProcessTest, fetch, until
from test_web import status_of

DASHBOARD = ROOT / "packaging" / "grafana" / "streaky.json"


def asked_for():
    """Name → labels, as the expressions of the panels have them."""
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {}
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            grouped = re.search(r"by \(([\w, ]+)\)", target["expr"])
            labels = set(grouped.group(1).split(", ")) if grouped else set()
            for name in re.findall(r"\bstreaky_\w+", target["expr"]):
                # What Prometheus adds by itself.
                asked.setdefault(name, set()).update(labels - {"instance", "job"})
    return asked


def given_by(url):
    given = {}
    for line in fetch(url + "/metrics").splitlines():
        match = re.match(r"(streaky_\w+)(?:\{(.*)\})? ", line)
        if match:
            given.setdefault(match.group(1), set()).update(
                re.findall(r'(\w+)="', match.group(2) or ""))
    return given


class Metrics(ProcessTest):
    def test_each_metric_of_the_dashboard_exists(self):
        world, proxies = self.with_proxies("--users", "60", "--seed", "3")
        world.control("faults", service="github", fault="error_502", probability=0.2)
        serve = self.serve()
        self.streaky("batch", "trigger")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        until("a limit", lambda: status_of(serve.url + "/sign-in") == 429)

        def all_given():
            given = given_by(serve.url)
            for name, labels in given_by(proxies[0].url).items():
                given.setdefault(name, set()).update(labels)
            return given

        def missing():
            given = all_given()
            return [f"{name} {sorted(labels)}" for name, labels in asked_for().items()
                    if name not in given or not labels <= given[name]]

        until(f"every metric; missing are {missing()}", lambda: not missing())
        self.assertGreater(len(asked_for()), 12)


if __name__ == "__main__":
    unittest.main()
