"""Prometheus itself, on a running stack under load: every figure that a dashboard or an alert asks for
is there; and the tools' own checks.

    python3 -m unittest tests.production.test_monitoring
"""

import json
import shutil
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

from tests.production.stack import REPOSITORY, Stack, finish
from parts import process  # noqa: E402  (deploy/ is in the path by now)
from parts.place import free_port  # noqa: E402
from parts.web import ask, ask_json  # noqa: E402

MONITORING = REPOSITORY / "infrastructure/monitoring"
PATIENCE = 90


def tool(*command):
    done = subprocess.run([str(it) for it in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Files(unittest.TestCase):
    def test_prometheus_takes_its_configuration_and_every_alert_fires(self):
        folder = MONITORING / "prometheus"
        tool("promtool", "check", "config", folder / "prometheus.yml")
        tool("promtool", "test", "rules", folder / "tests/alerts.yml")

    def test_no_alert_is_without_a_test_and_a_runbook(self):
        rules = (MONITORING / "prometheus/rules/researchflow.yml").read_text()
        tests = (MONITORING / "prometheus/tests/alerts.yml").read_text()
        operations = (REPOSITORY / "docs/operations.md").read_text()
        alerts = [line.split(":")[1].strip() for line in rules.splitlines() if "- alert:" in line]
        self.assertGreater(len(alerts), 10)
        for alert in alerts:
            self.assertIn(f"{alert} fires", tests)
            self.assertIn(f"\n### {alert}\n", operations)

    def test_alerts_reach_who_is_meant(self):
        config = MONITORING / "alertmanager/alertmanager.yml"
        tool("amtool", "check-config", config)
        for labels, receivers in ((["severity=critical"], "on-duty,escalation"), (["severity=warning"], "slack"),
                                  (["severity=info"], "slack")):
            self.assertEqual(tool("amtool", "config", "routes", "test", f"--config.file={config}", *labels).strip(), receivers)


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.end)
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder, cls.port = Path(scratch.name) / "prometheus", free_port()
        cls.done = Path(scratch.name) / "done"
        cls.load = cls.stack.load(500, until=cls.done)
        cls.addClassCleanup(lambda: (cls.done.touch(), finish(cls.load)))
        cls.start_prometheus()

    @classmethod
    def start_prometheus(cls):
        """The checked-in files, asked every second instead of every 15, so that the test is short."""
        shutil.copytree(MONITORING / "prometheus", cls.folder)
        file = cls.folder / "prometheus.yml"
        file.write_text(file.read_text().replace("15s", "1s").replace("scrape_timeout: 10s", "scrape_timeout: 1s"))
        release = cls.stack.place.state["release"]
        at = lambda instance: f"127.0.0.1:{instance['metrics']}"
        targets = [{"targets": [at(it) for it in release["serve"]], "labels": {"component": "service"}},
                   {"targets": [at(release["worker"])], "labels": {"component": "worker"}}]
        (cls.folder / "targets/researchflow.json").write_text(json.dumps(targets))
        (cls.folder / "targets/prometheus.json").write_text(json.dumps([{"targets": [f"127.0.0.1:{cls.port}"]}]))
        (cls.folder / "targets/alertmanager.json").write_text("[]")
        running = process.start(["prometheus", f"--config.file={file}", f"--storage.tsdb.path={cls.folder}/data",
                                 f"--web.listen-address=127.0.0.1:{cls.port}"], cls.folder / "log", {}, cls.folder)
        cls.addClassCleanup(process.stop, running)
        assert process.wait(lambda: ask(f"http://127.0.0.1:{cls.port}/-/ready")[0] == 200, 30), (cls.folder / "log").read_text()

    def query(self, expression):
        found = ask_json(f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))[1]
        self.assertEqual(found["status"], "success", f"{expression}: {found}")
        # A quotient without requests is not a number: that is no data.
        return [it for it in found["data"]["result"] if it["value"][1] != "NaN"]

    def wait_for_data(self, expressions):
        """Whichever of EXPRESSIONS have no data after a while under load."""
        deadline, missing = time.monotonic() + PATIENCE, expressions
        while missing and time.monotonic() < deadline:
            missing = {name: it for name, it in missing.items() if not self.query(it)}
            time.sleep(0.5)
        return missing

    def test_every_panel_of_every_dashboard_has_data(self):
        panels = {}
        for file in sorted((MONITORING / "grafana/dashboards").glob("*.json")):
            for panel in json.loads(file.read_text())["panels"]:
                for target in panel["targets"]:
                    panels[f"{file.stem}: {panel['title']} {target['refId']}"] = target["expr"].replace("$__rate_interval", "20s")
        self.assertGreater(len(panels), 25)
        self.assertEqual(self.wait_for_data(panels), {})

    def test_every_rule_has_data_and_is_healthy(self):
        groups = ask_json(f"http://127.0.0.1:{self.port}/api/v1/rules")[1]["data"]["groups"]
        recorded = {rule["name"]: rule["name"] for group in groups for rule in group["rules"] if rule["type"] == "recording"}
        self.assertGreater(len(recorded), 10)
        self.assertEqual(self.wait_for_data(recorded), {})
        groups = ask_json(f"http://127.0.0.1:{self.port}/api/v1/rules")[1]["data"]["groups"]
        for rule in [rule for group in groups for rule in group["rules"]]:
            self.assertEqual(rule["health"], "ok", rule)
            if rule["type"] == "alerting":
                self.assertIn(rule["query"].split()[0], recorded, "an alert compares a recorded figure")

    def test_metrics_are_named_as_prometheus_wants(self):
        release = self.stack.place.state["release"]
        for instance in [*release["serve"], release["worker"]]:
            text = ask(f"http://127.0.0.1:{instance['metrics']}/metrics")[1]
            done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
