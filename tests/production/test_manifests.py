"""What is deployed by containers, read: nothing here needs a container engine or a cluster.

    python3 -m unittest tests.production.test_manifests      (with tests/production/requirements.txt)
"""

import subprocess
import unittest
from pathlib import Path

import kubernetes_validate
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
OVERLAYS = REPOSITORY / "infrastructure/k8s/overlays"
# What the Prometheus Operator defines has no schema in Kubernetes.
NOT_KUBERNETES = {"ServiceMonitor"}
# The cluster's own proxy; everything else is the same as on one machine.
OF_THE_CLUSTER = {"RESEARCHFLOW_TRUSTED_PROXIES": "1"}


def built(overlay):
    done = subprocess.run(["kubectl", "kustomize", OVERLAYS / overlay], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def pairs(path):
    lines = [line.strip() for line in Path(path).read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Kubernetes(unittest.TestCase):
    def each(self):
        for overlay in ("staging", "production"):
            for resource in built(overlay):
                yield overlay, resource

    def test_every_resource_meets_its_schema(self):
        for overlay, resource in self.each():
            if resource["kind"] not in NOT_KUBERNETES:
                with self.subTest(overlay, kind=resource["kind"], name=resource["metadata"]["name"]):
                    kubernetes_validate.validate(resource, "1.37", strict=True)

    def test_every_container_is_restricted(self):
        for overlay, resource in self.each():
            if resource["kind"] != "Deployment":
                continue
            pod = resource["spec"]["template"]["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"])
            self.assertEqual(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault")
            self.assertFalse(pod["automountServiceAccountToken"])
            for container in pod["containers"] + pod["initContainers"]:
                with self.subTest(overlay, container=container["name"]):
                    context = container["securityContext"]
                    self.assertTrue(context["readOnlyRootFilesystem"])
                    self.assertFalse(context["allowPrivilegeEscalation"])
                    self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
                    self.assertIn("memory", container["resources"]["limits"])
                    self.assertNotIn("env", container, "settings come from the map, secrets from files")

    def test_nothing_is_reached_but_by_name(self):
        for overlay in ("staging", "production"):
            policies = [it for it in built(overlay) if it["kind"] == "NetworkPolicy"]
            deny = next(it for it in policies if it["metadata"]["name"] == "default-deny")
            self.assertEqual(deny["spec"], {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
            for policy in policies:
                for rule in policy["spec"].get("ingress", []) + policy["spec"].get("egress", []):
                    self.assertTrue(rule.get("from") or rule.get("to"), policy["metadata"]["name"])
                    self.assertTrue(rule["ports"])

    def test_no_secret_stands_in_a_manifest(self):
        for _, resource in self.each():
            self.assertNotEqual(resource["kind"], "Secret")

    def test_settings_are_those_of_the_environment(self):
        for overlay in ("staging", "production"):
            expected = {**pairs(REPOSITORY / f".env.{overlay}"), **OF_THE_CLUSTER}
            self.assertEqual(pairs(OVERLAYS / overlay / "settings.env"), expected)


class Compose(unittest.TestCase):
    def setUp(self):
        self.files = {name: yaml.safe_load((REPOSITORY / name).read_text())
                      for name in ("docker-compose.prod.yml", "docker-compose.monitoring.yml")}

    def services(self):
        for file in self.files.values():
            yield from file["services"].items()

    def test_every_container_is_hardened(self):
        for name, service in self.services():
            with self.subTest(name):
                self.assertTrue(service["read_only"])
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])
                self.assertIn("memory", service["deploy"]["resources"]["limits"])
                self.assertNotIn("privileged", service)

    def test_images_name_a_version(self):
        for name, service in self.services():
            _, _, tag = service["image"].rpartition("/")[2].partition(":")
            self.assertTrue(tag and tag != "latest", f"{name}: {service['image']}")

    def test_secrets_are_files_and_all_of_them_are_declared(self):
        for file in self.files.values():
            declared = file.get("secrets", {})
            for name, service in file["services"].items():
                for secret in service.get("secrets", []):
                    self.assertIn(secret, declared, name)
            self.assertTrue(all(it["file"].startswith("secrets/") for it in declared.values()))

    def test_secret_files_of_the_environment_are_mounted(self):
        service = self.files["docker-compose.prod.yml"]["services"]["service-1"]
        wanted = {value.removeprefix("/run/secrets/") for value in pairs(REPOSITORY / ".env.production").values()
                  if value.startswith("/run/secrets/")}
        self.assertEqual(wanted, set(service["secrets"]))

    def test_only_nginx_is_open_to_the_world(self):
        services = self.files["docker-compose.prod.yml"]["services"]
        self.assertEqual([name for name, it in services.items() if "ports" in it], ["nginx"])
        subnet = self.files["docker-compose.prod.yml"]["networks"]["front"]["ipam"]["config"][0]["subnet"]
        self.assertEqual(subnet, pairs(REPOSITORY / ".env.production")["RESEARCHFLOW_TRUSTED_PROXIES"])


class Environments(unittest.TestCase):
    def test_no_environment_file_holds_a_secret(self):
        for name in (".env.example", ".env.staging", ".env.production"):
            for variable, value in pairs(REPOSITORY / name).items():
                secret = variable in ("DATABASE_URL", "REDIS_URL") or any(
                    word in variable for word in ("_KEY", "_SECRET", "BOOTSTRAP")) and not variable.endswith("_FILE")
                self.assertFalse(secret and value, f"{name}: {variable}")


if __name__ == "__main__":
    unittest.main()
