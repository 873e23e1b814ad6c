"""What outlives a reload of the Video page, for whom, and for how long."""

import gc
import time

from fer_core.ui.shared.visitor import browser_of
from fer_core.ui.video.visits import Visits


class Thing:
    pass


def test_a_visit_is_found_by_its_name_and_owner_alone():
    visits, mine, other = Visits(), Thing(), Thing()
    name = visits.keep(mine, "a browser")
    assert visits.keep(mine, "a browser") == name != visits.keep(other, "a browser")
    assert visits.find(name, "a browser") is mine
    assert visits.find(name, "another browser") is None and visits.find("guessed", "a browser") is None
    assert visits.find(None) is None and len(name) >= 32


def test_a_forgotten_visit_is_not_found():
    visits, mine = Visits(), Thing()
    name = visits.keep(mine)
    visits.drop(mine)
    assert visits.find(name) is None and len(visits) == 0


def test_a_visit_that_nobody_looks_at_is_let_go_also_where_nobody_asks():
    visits = Visits(kept_s=0.3)
    visits.keep(Thing())
    deadline = time.monotonic() + 5
    while len(visits) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(visits) == 0


def test_keeping_again_keeps_longer():
    now = [0.0]
    visits, mine = Visits(kept_s=10, clock=lambda: now[0]), Thing()
    name = visits.keep(mine)
    now[0] = 8
    visits.keep(mine)
    now[0] = 16
    assert visits.find(name) is mine
    now[0] = 40
    assert visits.find(name) is mine  # the page is still open, and has it itself
    del mine
    gc.collect()
    assert visits.find(name) is None


def test_a_browser_is_known_by_its_token_whatever_masks_it():
    first = browser_of("2|e07e46db|d63129dfe075ba081f196ed78de213ed|1795915600")
    assert first == browser_of("2|40620026|762d6f224069fcf5bf05282a2dfe5510|1795915600")
    assert browser_of("") == "" and browser_of("another form") == "another form" and browser_of("2||ab|1") == "2||ab|1"
