"""docs/openapi.yaml as a measure: of routes, statuses and fields, both ways."""
import re

import jsonschema
import yaml

from support import ROOT

METHODS = ("get", "put", "post", "patch", "delete")


class Description:
    def __init__(self):
        self.file = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
        self.met = set()

    def routes(self):
        return {(method.upper(), path) for path, item in self.file["paths"].items()
                for method in item if method in METHODS}

    def statuses(self):
        """Every status that is named for a route; `default` is for what no test can order."""
        return {(method, path, int(status)) for method, path in self.routes()
                for status in self.operation(method, path)["responses"] if status != "default"}

    def operation(self, method, path):
        return self.file["paths"][path][method.lower()]

    def objects(self, node=None, where=""):
        """Schemas of objects, with where they are."""
        node = self.file["components"]["schemas"] if node is None else node
        if isinstance(node, dict):
            if "properties" in node:
                yield where, node
            for name, child in node.items():
                yield from self.objects(child, f"{where}/{name}")
        elif isinstance(node, list):
            for child in node:
                yield from self.objects(child, where)

    def resolve(self, node):
        while "$ref" in node:
            target = self.file
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def errors(self, schema, value):
        whole = {**schema, "components": self.file["components"]}
        found = jsonschema.Draft202012Validator(whole).iter_errors(value)
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in found]

    def check(self, method, path, status, content_type, body, json_value):
        """What is wrong with the answer of this route, as words; notes that it was met."""
        responses = self.operation(method, path)["responses"]
        self.met.add((method, path, status))
        if str(status) not in responses:
            return [f"the status {status} is not in the file"]
        content = self.resolve(responses[str(status)]).get("content")
        if content is None:
            return ["a body where none is described"] if body else []
        if content_type not in content:
            return [f"the type {content_type} is not in the file"]
        return self.errors(content[content_type]["schema"], json_value)

    def check_request(self, method, path, body):
        schema = self.operation(method, path)["requestBody"]["content"]["application/json"]["schema"]
        return self.errors(schema, body)


def routes_of_the_table():
    text = (ROOT / "src" / "web" / "api_routes.cpp").read_text()
    return set(re.findall(r'\{"([A-Z]+)",\s*"(/api/v1/[^"]*)"', text))
