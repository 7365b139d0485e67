"""What the assembly refuses when it is written, with the reason, at a real node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.system.assembly import propose, reaches, status
from tests.system.people import Person, village

ROW = {"role": "community", "bps": 10_000, "fallback": None}
FEE = {"fee_bps": 500, "fee_min": 0, "fee_cap": None, "table": [ROW]}
HALF = {"role": "host", "bps": 5000, "fallback": "community"}
BAD_EFFECTS: list[tuple[str, dict[str, Any]]] = [
    ("fees", {"type": "set_fees", "default": FEE | {"table": [ROW | {"bps": 9000}]}}),
    ("fees", {"type": "set_fees", "default": FEE | {"table": [HALF, HALF | {"role": "ref"}]}}),
    ("fees", {"type": "amend_values", "retire": ["say-it"]}),
    ("rules", {"type": "set_rules", "changes": {"amendment": {"A": {"covers": []}}}}),
    ("rules", {"type": "set_rules", "changes": {"offices": {"teller": {"seats": 0}}}}),
    ("rules", {"type": "set_rules", "changes": {}}),
    ("offices", {"type": "elect", "office": "king", "candidates": {"A": "Ana"}}),
    ("expulsion", {"type": "expel", "person": "Ana"}),
    ("values", {"type": "amend_values", "retire": ["nobody-wrote-it"]}),
]


def test_what_should_not_be_is_refused_when_it_is_written(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        charter = ana.do("charter", "template", "kitchen-table")
        charter["membership"]["probation_s"] = 86_400
        charter["rules"]["advice"] |= {"early_close": False, "revise": True, "open_s": 3600}
        file = tmp_path / "charter.json"
        file.write_text(json.dumps(charter))
        ana.do("found", "R", "--person", "Ana", "--no-passphrase", "--charter", str(file))
        ana.start()
        ben.do("join", ana.do("invite")["link"], "--person", "Ben", "--no-passphrase")
        ben.start()
        ben.until(lambda: ben.members().get("Ben") == "provisional", "Ben is on probation")
        tea = propose(
            ana, tmp_path, "advice", {"type": "advice"}, "--option", "A=Tea", "--option", "B=Milk"
        )
        reaches(tea, "open", ana, ben)

        assert ben.refused("vote", tea, "A")["error"] == "not-member"
        for choice in ("C", "A>A", "A>C", "A:5", "yes"):
            assert ana.refused("vote", tea, choice)["error"] == "bad-choice"
        assert ana.refused("vote", "0123456789ab", "A")["error"] == "no-proposal"
        ana.do("vote", tea, "B>A")

        for kind, effect in BAD_EFFECTS:
            error = refusal(ana, tmp_path, kind, effect)
            assert error["message"].endswith((".", "?")), error
        (tmp_path / "effect.json").write_text("{")
        assert refusal(ana, tmp_path, "fees", None)

        one = propose(ana, tmp_path, "fees", {"type": "set_fees", "default": FEE})
        two = propose(ana, tmp_path, "fees", {"type": "set_fees", "default": FEE | {"fee_bps": 9}})
        reaches(two, "open", ana)
        ana.do("vote", one, "yes")
        reaches(one, "in_effect", ana, ben)
        reaches(two, "annulled", ana, ben)
        assert ana.refused("vote", two, "yes")["error"] == "stopped"
        assert ana.refused("vote", one, "no")["error"] == "stopped"
        assert ana.do("charter", "show")["fees"]["default"]["fee_bps"] == 500
        assert status(ana, tea) == "open"


def refusal(
    person: Person, folder: Path, kind: str, effect: dict[str, Any] | None
) -> dict[str, Any]:
    """The error that a proposal of this effect meets."""
    file = folder / "effect.json"
    if effect is not None:
        file.write_text(json.dumps(effect))
    return person.refused(
        *("proposal", "new", "--kind", kind, "--title", "T", "--text", str(folder / "text.md")),
        *("--effect", str(file)),
    )
