"""The production topology, for real: releases under load, bad releases, backup and restore.

    python3 -m unittest discover -s tests/production -t . -v

RESEARCHFLOW_BINARY is the service, LOAD_REQUESTS how many requests meet a release and a roll-back
(100,000 is what is asked of a release of the product; the default is short).
"""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from tests.production.stack import BINARY, REPOSITORY, Stack, alive, database, finish
from parts import process  # noqa: E402  (deploy/ is in the path by now)
from parts.place import free_port  # noqa: E402
from parts.web import ask  # noqa: E402

REQUESTS = int(os.environ.get("LOAD_REQUESTS", "3000"))
FAKE = Path(__file__).with_name("fake_service.py")


class TheStack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.end)
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)

    def curl(self, *arguments):
        place = self.stack.place
        command = ["curl", "--silent", "--show-error", "--cacert", place.authority, *arguments]
        return subprocess.run([str(it) for it in command], capture_output=True, text=True, check=True).stdout

    def another_binary(self):
        """The same service with other bytes: what follows a program's end is not read."""
        path = Path(self.scratch.name) / f"release-{os.urandom(4).hex()}"
        shutil.copy(BINARY, path)
        with open(path, "ab") as file:
            file.write(path.name.encode())
        return path

    def fake(self, kind):
        path = Path(self.scratch.name) / f"fake-{kind}"
        path.write_text(FAKE.read_text().replace('"unready"', f'"{kind}"', 1))
        path.chmod(0o755)
        return path

    def serving(self):
        return {instance["pid"] for instance in self.stack.place.state["release"]["serve"]}

    def test_clients_speak_http_2_and_tls_and_nothing_else_is_open(self):
        place = self.stack.place
        version = self.curl("--http2", "--output", "/dev/null", "--write-out", "%{http_version} %{http_code}", f"{place.url}/ready")
        self.assertEqual(version, "2 200")
        plain = f"http://localhost:{place.port('http')}"
        status = ["--output", "/dev/null", "--write-out", "%{http_code}"]
        self.assertEqual(self.curl(*status, f"{plain}/health"), "308")
        self.assertEqual(self.curl(*status, "--request", "POST", f"{plain}/v1/traces"), "403")
        self.assertEqual(self.curl(*status, f"{place.url}/metrics"), "404")

    def test_answers_of_nginx_are_problems_too(self):
        body = Path(self.scratch.name) / "large"
        body.write_bytes(b"x" * (6 << 20))
        said = self.curl("--header", "Expect:", "--data-binary", f"@{body}", f"{self.stack.place.url}/v1/traces")
        self.assertEqual(json.loads(said)["status"], 413)

    def test_a_client_cannot_say_where_it_comes_from(self):
        place = self.stack.place
        self.curl("--output", "/dev/null", "--header", "X-Forwarded-For: 203.0.113.9", "--header", "Authorization: Bearer nonsense",
                  f"{place.url}/api/v1/projects")
        log = (place.nginx / "access.log").read_text().splitlines()
        self.assertIn('"address":"127.0.0.1"', log[-1])
        self.assertNotIn("nonsense", "".join(log))

    def test_secrets_are_readable_to_their_owner_alone(self):
        public = {"ca.crt", "redis.crt", "tls.crt"}
        for file in self.stack.place.secrets.iterdir():
            if file.name not in public:
                self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600, file)

    def test_a_release_and_a_roll_back_under_load_fail_no_request(self):
        done = Path(self.scratch.name) / "load.done"
        load = self.stack.load(REQUESTS, until=done)
        try:
            before = self.serving()
            self.stack.script("deploy", "release", self.another_binary(), "--watch", "3")
            self.assertFalse(before & self.serving())
            record = self.stack.last_record()
            self.assertEqual((record["action"], record["result"]), ("release", "done"))
            self.stack.script("deploy", "rollback", "--watch", "3")
            record = self.stack.last_record()
            self.assertEqual((record["action"], record["result"]), ("rollback", "done"))
        finally:
            done.touch()
            outcome = finish(load)
        print(outcome)
        self.assertEqual(outcome["failed"], 0, outcome)
        self.assertGreaterEqual(outcome["answered"], REQUESTS)

    def test_a_release_that_does_not_become_ready_changes_nothing(self):
        before = self.serving()
        self.stack.script("deploy", "release", self.fake("unready"), "--no-backup", "--ready", "3", expect=1)
        record = self.stack.last_record()
        self.assertEqual(record["result"], "failed")
        self.assertIn("not ready", record["reason"])
        self.assertEqual(self.serving(), before)
        self.stack.script("deploy", "check")

    def test_a_release_that_answers_500_is_rolled_back(self):
        before = self.serving()
        self.stack.script("deploy", "release", self.fake("failing"), "--no-backup", expect=1)
        record = self.stack.last_record()
        self.assertEqual(record["result"], "rolled back", record)
        self.assertEqual(self.serving(), before)
        self.stack.script("deploy", "check")

    def test_a_release_that_is_interrupted_is_taken_back(self):
        before = self.serving()
        deployment = self.stack.begin("deploy", "release", self.another_binary(), "--no-backup", "--watch", "300")
        watching = lambda: self.stack.last_record()["steps"][-1:] and self.stack.last_record()["steps"][-1]["step"] == "watch"
        self.assertTrue(process.wait(watching, 60))
        deployment.terminate()
        self.assertEqual(deployment.wait(), 1)
        self.assertEqual(self.stack.last_record()["result"], "rolled back")
        self.assertEqual(self.serving(), before)
        self.stack.script("deploy", "check")

    def test_what_was_backed_up_and_destroyed_is_restored_and_verified(self):
        finish(self.stack.load(200))
        folder = self.stack.script("deploy", "backup").split()[-1]
        settings = Path(folder, "settings.json").read_text()
        self.assertNotIn((self.stack.place.secrets / "ledger_key").read_text().strip(), settings)
        counts = json.loads(Path(folder, "counts.json").read_text())
        self.assertGreaterEqual(counts["invocations"], 100)
        self.stack.destroy_data()
        self.assertEqual(database(self.stack).counts()["invocations"], 0)
        self.stack.script("deploy", "restore", folder, expect=1)
        said = self.stack.script("deploy", "restore", folder, "--replace")
        self.assertIn("Nothing was altered", said)
        self.stack.script("deploy", "check")
        # The key that was made before is known again, and the ledger goes on.
        self.assertEqual(finish(self.stack.load(40))["failed"], 0)
        self.assertIn("Nothing was altered", self.stack.command("ledger", "verify"))

    def test_a_backup_that_was_changed_is_refused(self):
        folder = Path(self.stack.script("deploy", "backup").split()[-1])
        with open(folder / "counts.json", "a") as file:
            file.write(" ")
        said = self.stack.script("deploy", "restore", folder, expect=1)
        self.assertIn("was changed since it was made: counts.json", said)

    def test_all_processes_are_of_the_release(self):
        release = self.stack.place.state["release"]
        self.assertEqual(len(release["serve"]), 2)
        self.assertTrue(all(map(alive, [*release["serve"], release["worker"]])))


class Sqlite(unittest.TestCase):
    def test_a_file_in_use_is_backed_up_and_restored(self):
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            environment = {**os.environ, "RESEARCHFLOW_DATA_DIR": folder, "RESEARCHFLOW_LISTEN": f"127.0.0.1:{port}"}
            run = lambda *command: subprocess.run([str(it) for it in command], env=environment, text=True, check=True,
                                                  capture_output=True, cwd=folder).stdout
            service = subprocess.Popen([BINARY, "serve"], env=environment, cwd=folder, text=True, stdout=subprocess.PIPE)
            self.addCleanup(service.stdout.close)
            self.addCleanup(service.wait)
            self.addCleanup(service.terminate)
            key = next(line.split()[-1] for line in service.stdout if line.startswith("API key"))
            self.assertTrue(process.wait(lambda: ask(f"http://127.0.0.1:{port}/ready")[0] == 200, 30))
            run(BINARY, "seed", "--url", f"http://127.0.0.1:{port}", "--key", key, "--runs", "3")
            deploy = REPOSITORY / "deploy/deploy"
            url, copy = f"sqlite://{folder}/researchflow.db", f"sqlite://{folder}/restored.db"
            kept = run(deploy, "backup", "--database", url, "--binary", BINARY, "--to", f"{folder}/kept").strip()
            self.assertGreater(json.loads(Path(kept, "counts.json").read_text())["invocations"], 20)
            self.assertIn("Nothing was altered", run(deploy, "restore", kept, "--database", copy, "--binary", BINARY))


if __name__ == "__main__":
    unittest.main()
