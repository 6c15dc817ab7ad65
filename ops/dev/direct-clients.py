"""Writes a direct client for each service whose calls are all unary.

A direct client hands a request to a service in the same process: no bytes, no stream, the same
generated contracts. Usage: direct-clients.py SCHEMAS OUT
"""

import pathlib
import re
import sys

SERVICE = re.compile(r"^service (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"rpc (\w+)\((stream )?([\w.]+)\) returns \((stream )?([\w.]+)\)")


def prefix_of(package: str) -> str:
    return "_".join(part.capitalize() for part in package.split("."))


def lower_first(name: str) -> str:
    return name[0].lower() + name[1:]


def client(prefix: str, service: str, calls: list[tuple[str, str, str]]) -> str:
    lines = [
        f"extension {prefix}_{service} {{",
        "  /// Calls a service in the same process.",
        "  package struct DirectClient: ClientProtocol {",
        "    private let service: any ServiceProtocol",
        "    package init(_ service: any ServiceProtocol) { self.service = service }",
    ]
    for method, asks, answers in calls:
        lines += [
            "",
            f"    package func {lower_first(method)}<Result>(",
            f"      request: ClientRequest<{prefix}_{asks}>,",
            f"      serializer: some MessageSerializer<{prefix}_{asks}>,",
            f"      deserializer: some MessageDeserializer<{prefix}_{answers}>,",
            "      options: CallOptions,",
            "      onResponse handleResponse:",
            f"        @Sendable @escaping (ClientResponse<{prefix}_{answers}>) async throws -> Result",
            "    ) async throws -> Result where Result: Sendable {",
            "      try await handleResponse(",
            f"        await DirectCall.unary(request, of: Method.{method}.descriptor) {{",
            f"          try await service.{lower_first(method)}(request: $0, context: $1)",
            "        })",
            "    }",
        ]
    lines += ["  }", "}", ""]
    return "\n".join(lines)


def main() -> None:
    schemas, out = map(pathlib.Path, sys.argv[1:])
    for file in sorted(schemas.rglob("api.proto")):
        text = file.read_text()
        package = re.search(r"^package ([\w.]+);", text, re.MULTILINE).group(1)
        parts = []
        for service, body in SERVICE.findall(text):
            calls = CALL.findall(body)
            if any(asks_stream or answers_stream for _, asks_stream, _, answers_stream, _ in calls):
                continue
            parts.append(
                client(prefix_of(package), service, [(name, a, b) for name, _, a, _, b in calls])
            )
        if not parts:
            continue
        head = (
            "// swift-format-ignore-file\n"
            "// Made by ops/dev/direct-clients.py from " + str(file.relative_to(schemas)) + ".\n"
            "package import GRPCCore\n\n"
        )
        name = str(file.relative_to(schemas).with_suffix("")).replace("/", "_") + ".direct.swift"
        (out / name).write_text(head + "\n".join(parts))


main()
