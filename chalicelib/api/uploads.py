"""HTTP: uploads of people, from the template to the rows that failed."""

from dataclasses import replace
from typing import Any

from chalice.app import Response

from chalicelib.people.uploads.schemas import Approval, ImportDetail, ImportOut, ImportPage, MappingForm, TemplateQuery
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery, Pager
from chalicelib.web.requests import file_of
from chalicelib.web.routing import MAX_FILE_BYTES, Call, Empty, Routes

# What only these routes need is imported by them: it would cost every cold start a tenth.
routes = Routes("Uploads", __name__, needs=Permission.INVITES)

_IMPORTS = "/orgs/{org_id}/imports"
_CSV, _XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# What browsers and programs call spreadsheets. What a file is, its content shows; some are only refused by name.
_FILES = (
    _CSV, _XLSX, "application/vnd.oasis.opendocument.spreadsheet", "multipart/form-data", "text/plain", "text/x-csv",
    "text/comma-separated-values", "text/tab-separated-values", "application/csv", "application/x-csv",
    "application/vnd.ms-excel", "application/vnd.ms-excel.sheet.macroenabled.12", "application/zip",
    "application/octet-stream",
)  # fmt: skip


@routes.add(
    "GET", "/orgs/{org_id}/invites/template", summary="The spreadsheet to fill in", answer=None, query=TemplateQuery,
    content_type=_CSV, also_answers=(_XLSX,),
)  # fmt: skip
def template(call: Call[Empty, TemplateQuery]) -> Response:
    """With `format=xlsx` as an Excel workbook. Without an `Accept` header a workbook is answered with 303 and a link to
    it at S3, good for five minutes; leave `Authorization` out there, as clients do that go on to another host by
    themselves: to a signed link with that header S3 answers 400.
    """

    from chalicelib.people.uploads.template import template_csv, template_xlsx

    _scope(call)
    if call.query.format == "xlsx":
        return _file(template_xlsx(), _XLSX, "people.xlsx")
    return _file(template_csv(), _CSV, "people.csv")


@routes.add(
    "POST", _IMPORTS, summary="Upload people", answer=ImportDetail, takes=_FILES, max_bytes=MAX_FILE_BYTES,
    status=201, idempotent=True,
)  # fmt: skip
def upload(call: Call[Empty, Empty]) -> ImportDetail:
    """The file is the body, or the one file of a form. Answers every row with its verdict; nothing is sent before
    approval.
    """

    from chalicelib.people.uploads import preview, service

    scope = _scope(call)
    content, content_type = file_of(call.raw_body, call.content_type)
    # The same file in another form, whose boundary is drawn anew, is the same request.
    call = replace(call, raw_body=content)
    made = idempotent(call, ImportOut, lambda seed: preview.upload(scope, content, content_type, seed, call.now))
    # Read again, and not kept under the idempotency key: the rows are more than one item holds.
    return service.detail(scope, made.import_id, call.now)


@routes.add("GET", _IMPORTS, summary="Past uploads, newest first", answer=ImportPage, query=PageQuery)
def list_imports(call: Call[Empty, PageQuery]) -> ImportPage:
    from chalicelib.people.uploads import service as uploads

    return uploads.page(_scope(call), Pager.of(call))


@routes.add("GET", _IMPORTS + "/{import_id}", summary="An upload with its rows", answer=ImportDetail)
def read_import(call: Call[Empty, Empty]) -> ImportDetail:
    """Kept for a year."""

    from chalicelib.people.uploads import service as uploads

    return uploads.detail(_scope(call), call.params["import_id"], call.now)


@routes.add(
    "POST", _IMPORTS + "/{import_id}/mapping", summary="Read the file in another way", answer=ImportDetail,
    body=MappingForm, idempotent=True,
)  # fmt: skip
def choose_mapping(call: Call[MappingForm, Empty]) -> ImportDetail:
    """Another sheet or encoding, and what columns mean. The file is judged again, and the organization's next upload
    takes the columns for the same.
    """

    from chalicelib.people.uploads import preview, service

    scope, import_id = _scope(call), call.params["import_id"]
    idempotent(call, ImportOut, lambda seed: preview.choose(scope, import_id, call.body, seed, call.now))
    return service.detail(scope, import_id, call.now)


@routes.add(
    "POST", _IMPORTS + "/{import_id}/approve", summary="Invite the people of an upload", answer=ImportOut,
    body=Approval, status=202, idempotent=True,
)  # fmt: skip
def approve(call: Call[Approval, Empty]) -> ImportOut:
    """Applies the corrections; rows that failed are left out."""

    from chalicelib.people.uploads import service as uploads

    scope, import_id = _scope(call), call.params["import_id"]
    return idempotent(call, ImportOut, lambda seed: uploads.approve(scope, import_id, call.body.notify, seed, call.now))


@routes.add(
    "POST", _IMPORTS + "/{import_id}/disapprove", summary="Discard an upload", answer=ImportOut, idempotent=True
)
def disapprove(call: Call[Empty, Empty]) -> ImportOut:
    from chalicelib.people.uploads import service as uploads

    scope, import_id = _scope(call), call.params["import_id"]
    return idempotent(call, ImportOut, lambda seed: uploads.disapprove(scope, import_id, seed, call.now))


@routes.add(
    "GET", _IMPORTS + "/{import_id}/failed", summary="The rows that failed, as a file", answer=None, content_type=_CSV
)
def failed_rows(call: Call[Empty, Empty]) -> Response:
    """With what is wrong in two columns more; mend it and upload it as it is."""

    from chalicelib.people.uploads import service as uploads

    import_id = call.params["import_id"]
    return _file(uploads.failed_file(_scope(call), import_id, call.now), _CSV, "failed-rows.csv")


def _file(content: bytes, content_type: str, name: str) -> Response:
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"{content_type}; charset=utf-8" if content_type == _CSV else content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content if content_type == _XLSX else content.decode(), headers)


def _scope(call: Call[Any, Any]) -> Scope:
    return access.org(call.account_id, call.params["org_id"], call.needs)
