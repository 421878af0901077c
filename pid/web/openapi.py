"""The API's documentation: what APIFlask makes of the routes, with what holds for all of them; and a page to try it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import Response, current_app, g, jsonify, render_template
from flask.typing import ResponseReturnValue

from pid.web.api import PREFIX
from pid.web.api.bodies import ErrorBody
from pid.web.idempotency import HEADER, LONGEST_KEY
from pid.web.permissions import PUBLIC, UPLOAD_BODY, body_type_of, permission_of, public

routes = APIBlueprint("documentation", __name__, enable_openapi=False)
METHODS = ("get", "post", "put", "patch", "delete")
DESCRIPTION = """Reads P&ID drawings: upload, watch, correct, count, price, export.

A program sends a token (`Authorization: Bearer pid_...`), which a user makes under Settings; a browser's session needs
the header `X-CSRFToken` for changes. Lists come in parts: `next_cursor` of one is `cursor` of the next. A POST or PATCH
may be sent again with the same `Idempotency-Key`. Every error is `{"error": {"code", "message", "details"}}`.

Coordinates are pixels of the sheet, y down; a drawing's `sheet.to_source` leads back to the uploaded page."""
SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of a user."},
    "session": {"type": "apiKey", "in": "cookie", "name": "pid-session", "description": "A browser's session."},
}
EXPORT_TYPES = (
    "application/json", "application/xml", "image/vnd.dxf", "image/svg+xml", "application/pdf", "image/png",
)  # fmt: skip
_SCHEMAS = "#/components/schemas/"
NEEDS_SCOPE = "Needs the permission `{}`."


def register_openapi(app: APIFlask) -> None:
    """Add the description and the page, and complete what APIFlask knows of each route."""
    app.config.update(
        DESCRIPTION=DESCRIPTION,
        SECURITY_SCHEMES=SECURITY_SCHEMES,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        AUTO_SERVERS=False,
    )
    app.spec_processor(lambda spec: _complete(app, spec))
    app.register_blueprint(routes, url_prefix=PREFIX)


@routes.get("/openapi.json")
@public
def description() -> Response:
    """The API as OpenAPI 3.1."""
    spec: Any = current_app.spec  # type: ignore[attr-defined]
    return jsonify(spec)


@routes.get("/docs")
@public
def documentation() -> ResponseReturnValue:
    """The API as a page on which it can be tried (Swagger UI, served from here)."""
    g.policy = {"style-src": "'self' 'unsafe-inline'"}  # Swagger UI styles its elements in place
    return render_template("api_docs.html")


def _complete(app: APIFlask, spec: Any) -> dict[str, Any]:
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    error = ErrorBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(error.pop("$defs"))
    schemas["ErrorBody"] = error
    views = _views(app)
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                _complete_operation(item[method], views[path, method], method)
    return _with_plain_names(spec)


def _with_plain_names(spec: dict[str, Any]) -> dict[str, Any]:
    """Shapes within shapes by their own names: APIFlask repeats ``Drawing`` as ``EditAnswer.Drawing``."""
    schemas = spec["components"]["schemas"]
    spec["components"]["schemas"] = {name.rpartition(".")[2]: shape for name, shape in schemas.items()}
    return cast(dict[str, Any], _renamed(spec))


def _renamed(node: Any) -> Any:
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    if isinstance(node, dict):
        return {key: _renamed(value) for key, value in node.items()}
    if isinstance(node, str) and node.startswith(_SCHEMAS):
        return _SCHEMAS + node.removeprefix(_SCHEMAS).rpartition(".")[2]
    return node


def _views(app: APIFlask) -> dict[tuple[str, str], Any]:
    """Views by path as OpenAPI writes it, and method."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = "".join(f"{{{data}}}" if is_dynamic else data for is_dynamic, data in _parts(rule))
        for method in rule.methods or ():
            found[path, method.lower()] = app.view_functions[rule.endpoint]
    return found


def _parts(rule: Any) -> Iterator[tuple[bool, str]]:
    """Fixed and named pieces of a rule."""
    yield from ((is_dynamic, data) for is_dynamic, data in rule._trace if data != "|")


def _complete_operation(operation: dict[str, Any], view: Any, method: str) -> None:
    error = {"schema": {"$ref": "#/components/schemas/ErrorBody"}}
    operation["responses"]["default"] = {"description": "An error", "content": {"application/json": error}}
    permission = permission_of(view)
    if permission == PUBLIC:
        operation["security"] = []
    else:
        operation["security"] = [{"token": []}, {"session": []}]
        known = operation.get("description", "")
        operation["description"] = f"{known}\n\n{NEEDS_SCOPE.format(permission)}".strip()
    if method in ("post", "patch"):
        operation.setdefault("parameters", []).append(_key_parameter())
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if body_type_of(view) == UPLOAD_BODY:
        operation["requestBody"] = {"required": True, "content": {UPLOAD_BODY: {"schema": _upload_schema()}}}
    for answer in operation["responses"].values():
        content = answer.get("content", {})
        if "application/octet-stream" in content and operation["operationId"].endswith("get_export"):
            answer["content"] = dict.fromkeys(EXPORT_TYPES, content["application/octet-stream"])


def _key_parameter() -> dict[str, Any]:
    text = "The same request sent again with the same key is done once."
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}
    return {"in": "header", "name": HEADER, "required": False, "description": text, "schema": schema}


def _upload_schema() -> dict[str, Any]:
    text = "One or many drawings: PNG, JPG, TIFF, BMP, WEBP, PDF, DXF."
    files = {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "description": text}
    return {"type": "object", "properties": {"files": files}, "required": ["files"]}
