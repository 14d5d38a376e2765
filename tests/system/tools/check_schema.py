#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_schema.py SCHEMA [--lines]: JSON on standard input is as the schema says, and has no key
that the schema does not describe. With --lines each line is a document of its own."""
import json
import sys

import jsonschema


def resolve(schema, root):
    while "$ref" in schema:
        place = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        schema = place
    return schema


def undescribed(value, schema, root, where=""):
    """Paths of the members that no `properties` names."""
    schema = resolve(schema, root)
    if isinstance(value, list):
        for element in value:
            yield from undescribed(element, schema.get("items", {}), root, where + "[]")
    elif isinstance(value, dict) and "properties" in schema:
        for key, member in value.items():
            if key in schema["properties"]:
                yield from undescribed(member, schema["properties"][key], root, where + "." + key)
            else:
                yield where + "." + key


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    text = sys.stdin.read()
    documents = [json.loads(line) for line in text.splitlines()] if "--lines" in sys.argv else [json.loads(text)]
    if not documents or documents == [[]]:
        sys.exit("nothing to check")
    for document in documents:
        jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
        unknown = sorted(set(undescribed(document, schema, schema)))
        if unknown:
            sys.exit(f"{sys.argv[1]} does not describe {', '.join(unknown)}")


if __name__ == "__main__":
    main()
