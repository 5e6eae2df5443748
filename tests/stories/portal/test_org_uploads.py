"""Uploading people in the portal: the file, the preview, its columns, the decision, and what came of it."""

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser, query_of
from tests.stories.uploading import Uploading

HEAD = "E-mail,First name,Last name,Groups,Department,Location,Badge\r\n"
ROWS = (
    "kim@acme.example,Kim,Hale,Finance,,,007\r\n"
    "sam@acme.example ,Sam,Reed,finance,,,8\r\n"
    "no address,Ann,Lee,Finance,,,9\r\n"
    "eve@acme.example,Eve,Orr,Nowhere,,,10\r\n"
)
FILE = (HEAD + ROWS).encode()


class Desk(Uploading):
    def __init__(self, world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(world, driver, monkeypatch)
        self.base = f"/orgs/{self.org}/imports"
        self.browser = Browser(world).has_session_of(self.admin)

    def send(self, content: bytes = FILE, name: str = "people.csv") -> str:
        """Upload it by the form, and give its id."""
        self.browser.open(f"{self.base}/new")
        page = self.browser.upload("Upload", name, content)
        assert page.status == 200, page.text
        return page.address.rsplit("/", 1)[-1].partition("?")[0]

    def num_uploads(self) -> int:
        return len(self.world.every(f"/orgs/{self.org}/imports", self.admin))

    def emails(self) -> list[str]:
        return sorted(one["email"] for one in self.world.every(f"/orgs/{self.org}/members", self.admin))


@pytest.fixture
def desk(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(world, driver, monkeypatch)


def test_a_file_is_previewed_and_invited_as_the_button_says(desk: Desk) -> None:
    page = desk.browser.open(desk.base)
    assert "Nothing was uploaded yet." in page.text
    desk.browser.follow("Upload Learners")
    assert "up to 500 rows" in desk.browser.page.text
    page = desk.browser.upload("Upload", "people.csv", FILE)
    # What is to be mended comes first, with the rows' numbers in the file.
    assert page.link("2 to fix")
    assert "no address" in page.text
    assert "Nowhere" in page.text
    shown = desk.browser.follow("1 corrected")
    assert "sam@acme.example → sam" in shown.text, shown.text
    assert "We left out the column Badge." in shown.text
    desk.browser.follow("Choose what it is")
    form = desk.browser.page.form("Read again")
    index = next(name.rpartition("_")[2] for name, text in form.fields if text == "Badge")
    desk.browser.send(form, **{f"column_{index}": "field"})
    shown = desk.browser.follow("1 corrected")
    assert "Badge: 8" in shown.text
    assert desk.emails() == []
    form = shown.form("Invite 2 people")
    page = desk.browser.send(form)
    assert "Inviting 2 people." in page.text
    assert "You can close this page" in page.text
    assert desk.browser.send(form).heading == page.heading
    desk.driver.work()
    page = desk.browser.open(page.address.partition("?")[0])
    assert "2 of 2 people done" in page.text
    assert desk.emails() == ["kim@acme.example", "sam@acme.example"]
    assert "2 invited, 2 failed" in desk.browser.open(desk.base).text


def test_the_number_on_the_button_is_that_of_the_rows_in_the_tabs(desk: Desk) -> None:
    import_id = desk.send()
    found = desk.detail(import_id)
    good = [row for row in found["rows"] if row["verdict"] in ("ok", "corrected")]
    page = desk.browser.open(f"{desk.base}/{import_id}")
    assert page.form(f"Invite {len(good)} people")
    counts = {name.partition(" ")[2]: int(name.partition(" ")[0]) for name, _ in page.links if name[:1].isdigit()}
    for words, verdict in (("to fix", "failed"), ("corrected", "corrected"), ("ready", "ok")):
        rows = [row for row in found["rows"] if row["verdict"] == verdict]
        assert counts[words] == len(rows)
        shown = desk.browser.open(page.link(f"{counts[words]} {words}"))
        assert f"of {len(rows)}" in shown.text
        for row in rows:
            assert row["values"]["email"] in shown.text


def test_a_long_tab_goes_on_over_pages(desk: Desk) -> None:
    rows = "".join(f"p{index}@acme.example,A,B,Finance,,,\r\n" for index in range(120))
    import_id = desk.send((HEAD + rows).encode())
    page = desk.browser.open(f"{desk.base}/{import_id}")
    assert "Rows 1 to 50 of 120" in page.text
    desk.browser.follow("Next page")
    page = desk.browser.follow("Next page")
    assert "Rows 101 to 120 of 120" in page.text
    assert "p119@acme.example" in page.text


def test_the_same_form_twice_is_one_upload_and_the_same_file_again_names_the_first(desk: Desk) -> None:
    desk.browser.open(f"{desk.base}/new")
    form_page = desk.browser.page
    first = desk.browser.upload("Upload", "people.csv", FILE).address
    desk.browser.page = form_page
    assert desk.browser.upload("Upload", "people.csv", FILE).address == first
    assert desk.num_uploads() == 1
    # The same form with another file, as after Back, is another upload.
    desk.browser.page = form_page
    assert desk.browser.upload("Upload", "people.csv", FILE + b"ann@acme.example,A,B,Finance,,,\r\n").address != first
    assert desk.num_uploads() == 2
    desk.send()
    assert "The same file was uploaded before." in desk.browser.page.text
    earlier = next(href for name, href in desk.browser.page.links if name.startswith("See the upload of"))
    assert desk.browser.open(earlier).heading == desk.browser.open(first).heading


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (HEAD.encode(), "no rows below them"),
        (b"%PDF-1.7 x", "isn't a spreadsheet"),
        ((HEAD + "a@b.example,,,Finance,,,\r\n" * 501).encode(), "more than 500 rows"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_what_it_is_and_what_is_needed(desk: Desk, content: bytes, words: str) -> None:
    desk.browser.open(f"{desk.base}/new")
    page = desk.browser.upload("Upload", "people.csv", content)
    assert 400 <= page.status < 500
    assert page.title.startswith("Error:")
    assert words in page.text
    assert page.form("Upload")
    assert desk.num_uploads() == 0


def test_no_file_chosen_says_so(desk: Desk) -> None:
    desk.browser.open(f"{desk.base}/new")
    page = desk.browser.upload("Upload", "", b"", "application/octet-stream")
    assert page.status == 400
    assert "Choose a file" in page.text
    assert page.form("Upload")


def test_columns_are_mapped_by_hand_and_the_next_file_takes_them_for_the_same(desk: Desk) -> None:
    content = b"E-mail,Crew,Groups,Shoe size\r\nkim@acme.example,Finance,,44\r\n"
    import_id = desk.send(content)
    page = desk.browser.page
    assert page.link("1 to fix")
    desk.browser.follow("Wrong column, sheet or letters? Read the file in another way")
    form = desk.browser.page.form("Read again")
    meanings = dict(form.fields)
    index = {meanings[name]: name.rpartition("_")[2] for name in meanings if name.startswith("heading_")}
    chosen = {f"column_{index['Crew']}": "groups", f"column_{index['Groups']}": "none"}
    page = desk.browser.send(form, **chosen, **{f"column_{index['Shoe size']}": "none"})
    assert "The file was read again." in page.text
    assert page.form("Invite 1 person")
    row = desk.detail(import_id)["rows"][0]
    assert row["values"]["group_ids"] == [desk.group]
    assert row["values"]["fields"] == {}
    # What was shown before the change invites nobody.
    again = desk.send(content.replace(b"kim", b"sam"))
    assert desk.browser.page.form("Invite 1 person")
    assert again != import_id


def test_nobody_is_invited_by_a_button_that_says_another_number(desk: Desk) -> None:
    import_id = desk.send()
    form = desk.browser.page.form("Invite 2 people")
    page = desk.browser.send(form, num="3")
    assert page.status == 409
    assert "read again" in page.text
    assert desk.detail(import_id)["status"] == "preview"


def test_mails_go_out_later_in_the_time_zone_of_the_organization(desk: Desk) -> None:
    import_id = desk.send()
    page = desk.browser.press("Invite 2 people", when="later", date="")
    assert page.status == 422
    assert "Choose the day" in page.text
    day = f"{desk.world.now.year + 1}-01-04"
    page = desk.browser.press("Invite 2 people", when="later", date=day, time="08:30")
    assert "the emails go out on" in page.text
    assert "08:30" in page.text
    assert desk.detail(import_id)["notify_at"]


def test_an_upload_is_discarded_and_a_decided_one_cannot_be_decided_again(desk: Desk) -> None:
    desk.send()
    page = desk.browser.page
    approve, discard = page.form("Invite 2 people"), page.form("Discard this upload")
    assert "Nobody was invited." in desk.browser.send(discard).text
    assert "Nobody was invited." in desk.browser.send(discard).text
    page = desk.browser.send(approve)
    assert page.status == 409
    assert "already disapproved" in page.text
    assert desk.emails() == []
    assert "discarded" in desk.browser.open(desk.base).text


def test_template_and_failed_rows_are_files_and_come_again_mended(desk: Desk) -> None:
    for name, start in (("csv", "\ufeff"), ("xlsx", "PK")):
        answer = desk.browser.request("GET", f"{desk.base}/template?format={name}", accept="text/html")
        assert answer.status == 200
        assert answer.text.startswith(start) or "mail" in answer.text[:40]
        assert answer.headers["content-disposition"] == f'attachment; filename="people.{name}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
    import_id = desk.send()
    answer = desk.browser.request("GET", f"{desk.base}/{import_id}/failed")
    assert "Next step" in answer.text
    page_id = desk.send(answer.text.replace("Nowhere", "Finance").encode())
    assert page_id != import_id
    assert desk.browser.page.link("1 ready")


def test_without_premium_it_says_so_and_names_the_other_way(desk: Desk) -> None:
    desk.world.patch(f"/msp/organizations/{desk.org}", desk.driver.admin, {"subscription": "none"})
    page = desk.browser.open(f"{desk.base}/new")
    assert "Premium" in page.text
    assert page.link("add people by hand")


def test_who_is_limited_to_a_department_has_no_uploads(desk: Desk) -> None:
    import_id = desk.send()
    department = desk.world.department(desk.org, "Docks")
    browser = Browser(desk.world).has_session_of(
        desk.world.org_admin(desk.org, role="department_admin", department_ids=[department])
    )
    assert "Uploads" not in [name for name, _ in browser.open(f"/orgs/{desk.org}/learners").links]
    for path in ("", "/new", "/template", f"/{import_id}", f"/{import_id}/mapping", f"/{import_id}/failed"):
        assert browser.request("GET", desk.base + path).status == 403, path
    for path in ("/new", f"/{import_id}/approve", f"/{import_id}/mapping", f"/{import_id}/disapprove"):
        assert browser.request("POST", desk.base + path, [("form_id", "x")]).status == 403, path
    assert desk.detail(import_id)["status"] == "preview"


def test_a_file_sent_without_a_session_leads_back_to_its_page(desk: Desk) -> None:
    desk.browser.open(f"{desk.base}/new")
    desk.browser.cookies.clear()
    page = desk.browser.upload("Upload", "people.csv", FILE)
    assert query_of(page.address) == {"why": "lost", "next": f"{desk.base}/new"}
    assert desk.num_uploads() == 0
