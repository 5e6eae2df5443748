"""What users of such portals complain of, each with the tests that would fail where they found it; and those that are
of no page alone.
"""

import importlib
import re

import pytest

from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.portal.browser import Browser

_HERE = "tests.stories.portal"

# The complaint, and where it is tested: module and test.
COMPLAINTS: dict[str, list[tuple[str, str]]] = {
    '"Select all" takes the page only, or another number than it says': [
        ("test_enrollment", "test_all_means_what_the_button_says_and_no_more_than_fit"),
        ("test_choosing", "test_select_all_takes_what_is_ready_on_all_pages"),
        ("test_org_bulk", "test_the_page_and_all_that_match_are_two_choices_with_two_numbers"),
        ("test_org_bulk", "test_all_that_match_are_those_that_the_list_shows"),
    ],
    "filters and page are lost on Back, and cannot be shared": [
        ("test_dashboard", "test_filters_stay_over_opening_a_client_and_back"),
        ("test_msp_pages", "test_filters_stand_in_the_address_and_say_when_nothing_matches"),
        ("test_back_and_reload", "test_every_page_is_loaded_anew_and_come_back_to"),
    ],
    "a wizard loses its state on reload, Back, a second tab": [
        ("test_enrollment", "test_every_step_is_kept_over_reload_back_and_a_second_tab"),
        ("test_back_and_reload", "test_every_form_that_was_sent_is_sent_once"),
        ("test_kept_whole", "test_what_was_typed_is_there_and_what_is_shown_is_not_old"),
    ],
    "the session ends while typing, and everything is gone": [
        ("test_enrollment", "test_an_ended_session_loses_nothing_at_any_step"),
        ("test_every_form", "test_an_ended_session_loses_nothing_and_a_second_press_does_nothing"),
    ],
    "a double click sends twice": [
        ("test_every_form", "test_an_ended_session_loses_nothing_and_a_second_press_does_nothing"),
        ("test_org_double_press", "test_every_form_of_an_organization_can_be_pressed_twice"),
        ("test_doors_twice", "test_a_door_pressed_twice_opens_once"),
        ("test_enrollment", "test_an_admin_launches_for_two_clients_and_lands_on_the_results"),
    ],
    "no number, or a wrong one, before a mass action": [
        ("test_enrollment", "test_what_changed_since_it_was_counted_is_told_before_anything_happens"),
        ("test_msp_pages", "test_what_cannot_be_taken_back_is_asked_for_first"),
    ],
    "a job in the background looks done, or cannot be found again": [
        ("test_row_learners", "test_activity_lists_what_one_started_and_nobody_elses"),
        ("test_msp_pages", "test_a_batch_that_runs_loads_itself_anew_and_stops_when_it_is_done"),
        ("test_polling", "test_a_page_asks_no_more_once_all_is_done"),
        ("test_polling", "test_a_failed_answer_is_asked_for_again"),
        ("test_polling", "test_a_hidden_tab_asks_for_nothing_and_at_once_when_it_is_looked_at"),
    ],
    "the wrong tenant: tabs mix": [
        ("test_complaints", "test_two_tabs_with_two_clients_each_act_on_their_own"),
        ("test_msp_pages", "test_two_tabs_show_two_msps_each_its_own"),
        ("test_dashboard", "test_a_filter_stays_in_the_msp_of_its_tab"),
    ],
    "applied to some clients only, and nobody sees to which": [
        ("test_complaints", "test_a_rollout_lists_every_client_with_its_result"),
    ],
    "which time zone?": [("test_complaints", "test_instants_are_shown_where_they_happen_with_the_zone_s_name")],
    "the dashboard and the list disagree": [
        ("test_numbers", "test_every_number_that_is_a_link_says_how_long_the_list_behind_it_is"),
        ("test_numbers", "test_the_numbers_of_a_row_are_those_of_the_page_that_it_leads_to"),
        ("test_dashboard", "test_a_card_leads_to_exactly_what_it_counts"),
        ("test_row_learners", "test_tabs_count_what_they_list"),
    ],
    "toasts vanish, and screen readers miss them": [
        ("test_complaints", "test_results_stand_in_the_page_where_screen_readers_meet_them"),
    ],
    "status by colour alone": [("test_complaints", "test_a_status_is_an_icon_and_a_word")],
    "tables cannot be used on phones": [("test_accessibility", "test_every_page_can_be_used_by_everybody")],
    "mails are silently not sent, and nobody sees why": [
        ("test_row_learners", "test_mails_to_each_person_stand_beside_them"),
        ("test_org_emails", "test_mails_say_what_became_of_them"),
    ],
}

# Attacks on sessions, the same way.
ATTACKS: dict[str, list[tuple[str, str]]] = {
    "fixation": [("test_sessions", "test_a_cookie_that_was_planted_before_the_log_in_opens_nothing_after_it")],
    "theft of the table's item": [("test_sessions", "test_who_reads_the_table_cannot_log_in_by_what_is_in_it")],
    "cross-site posts": [("test_every_page", "test_no_form_of_another_site_is_taken")],
    "clickjacking": [("test_attacks", "test_nothing_can_be_framed_errors_and_redirects_too")],
    "open redirects": [
        ("test_sessions", "test_a_log_in_leads_to_pages_of_ours_only"),
        ("test_attacks", "test_no_page_redirects_to_where_a_query_says"),
    ],
    "cached pages after the log-out": [("test_attacks", "test_after_the_log_out_no_page_of_before_comes_back")],
    "a removed admin's open page": [
        ("test_sessions", "test_a_removed_admin_is_out_on_the_page_that_was_open"),
        ("test_attacks", "test_a_removed_admin_of_an_organization_is_out_on_the_page_that_was_open"),
    ],
    "cookies of a sibling": [("test_attacks", "test_cookies_that_a_sibling_could_set_open_nothing")],
}


@pytest.mark.parametrize("tests", [*COMPLAINTS.values(), *ATTACKS.values()], ids=[*COMPLAINTS, *ATTACKS])
def test_each_complaint_and_attack_has_its_test(tests: list[tuple[str, str]]) -> None:
    for module, name in tests:
        assert callable(getattr(importlib.import_module(f"{_HERE}.{module}"), name))


def test_there_are_fifteen_complaints_and_eight_attacks() -> None:
    assert (len(COMPLAINTS), len(ATTACKS)) == (15, 8)


@pytest.fixture
def browser(world: World, driver: Driver) -> Browser:
    return Browser(world).has_session_of(driver.admin)


def test_two_tabs_with_two_clients_each_act_on_their_own(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    first, second = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    tab = Browser(world)
    tab.cookies = browser.cookies
    browser.open(f"/msp/organizations/{first}")
    tab.open(f"/msp/organizations/{second}")
    page = browser.press("Save", name="Alderquay Renamed")
    assert page.title.startswith("Alderquay Renamed")
    page = tab.press("Save", name="Bolt Renamed")
    assert page.title.startswith("Bolt Renamed")
    names = {item["org_id"]: item["name"] for item in world.get("/msp/organizations", driver.admin).json["items"]}
    assert names == {first: "Alderquay Renamed", second: "Bolt Renamed"}
    # The client stands in the address, the title and the heading of every page that acts on it.
    for path in ("close", "access"):
        page = browser.open(f"/msp/organizations/{first}/{path}")
        assert "Alderquay Renamed" in page.title
        assert "Alderquay Renamed" in page.heading


def test_a_rollout_lists_every_client_with_its_result(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    orgs = driver.clients(course, "Alderquay Logistics", "Bolt Freight")
    orgs.append(world.org(driver.msp, "Cape Dental", courses=[world.course(driver.msp, "Other")]))
    for org in orgs:
        world.member(org)
    rollout = driver.send(driver.form(orgs, [course])).json["rollout_id"]
    driver.work()
    rows = browser.open(f"/msp/rollouts/{rollout}").answer.text.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")
    shown = [re.sub(r"<[^>]+>|\s+", " ", row) for row in rows[:-1]]
    # What failed stands first.
    assert [("Alderquay" in row, "Bolt" in row, "Cape" in row) for row in shown] == [
        (False, False, True), (True, False, False), (False, True, False),
    ]  # fmt: skip
    assert ["completed" in row for row in shown] == [False, True, True]
    assert "has failures" in shown[0]


def test_instants_are_shown_where_they_happen_with_the_zone_s_name(
    world: World, driver: Driver, course: str, browser: Browser
) -> None:
    far = world.org(driver.msp, "Far Ferries", courses=[course], time_zone="Pacific/Auckland")
    near = world.org(driver.msp, "Near Ferries", courses=[course], time_zone="Europe/Lisbon")
    form = driver.form([far, near], [{"course_id": course, "enroll_on": "2027-03-01"}])
    answer = driver.send(form).json
    driver.work()
    for result, zone in zip(answer["results"], ("Pacific/Auckland", "Europe/Lisbon"), strict=True):
        text = browser.open(f"/msp/training/{result['org_id']}/{result['batch_id']}").text
        assert f"Mon 1 Mar 2027, 09:00 {zone}" in text
    # The review resolves them for each client before anything happens.
    browser.open("/msp/training/enrollment")
    draft = browser.press("Begin", name="Zones").address.split("/portal")[1].rpartition("/")[0]
    browser.press("Continue to courses", org_id=[far, near])
    browser.press("Continue to recipients", course_id=course)
    browser.press("Continue to the schedule")
    browser.press("Count and review", preset="own", **{f"enroll_on_{course}": "2027-03-01"})
    driver.work()
    text = browser.open(f"{draft}/review").text
    assert "Mon 1 Mar 2027, 09:00 Pacific/Auckland" in text
    assert "Mon 1 Mar 2027, 09:00 Europe/Lisbon" in text


def test_results_stand_in_the_page_where_screen_readers_meet_them(driver: Driver, browser: Browser) -> None:
    browser.open("/msp/organizations/new")
    page = browser.press("Add client", name="Third Ferries", time_zone="Europe/London")
    notice = page.answer.text.split('role="status"')[1].split("</div>")[0]
    assert "Third Ferries was added." in notice
    # It stays when the page is loaded again, and goes when one goes on.
    assert "Third Ferries was added." in browser.open(page.address).text
    browser.open("/msp/organizations/new")
    page = browser.press("Add client", name="", time_zone="Mars/Base")
    assert 'role="alert" tabindex="-1" id="errors"' in page.answer.text
    assert page.title.startswith("Error: ")


def test_a_status_is_an_icon_and_a_word(world: World, driver: Driver, course: str, browser: Browser) -> None:
    (org,) = driver.clients(course, "Alderquay Logistics")
    world.member(org)
    driver.launch(org, [course])
    html = browser.open("/msp/training").answer.text
    tags = re.findall(r'<span class="tag \w+"><span aria-hidden="true">(.*?)</span> (.*?)</span>', html)
    assert tags
    assert all(icon.strip() and re.search(r"[a-z]{4}", words) for icon, words in tags)
