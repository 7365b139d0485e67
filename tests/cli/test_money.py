"""Settling up, credits and the funds by the command line: what each answers and refuses."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.council import Council, kitchen_table
from tests.cli.people import Person

IBAN = "DE89370400440532013000"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("money"))
    council.found(kitchen_table(credit={"limit": 1000, "warn": 400}))
    return council


@pytest.fixture
def council(founded: Council, tmp_path: Path) -> Council:
    return founded.copy(tmp_path)


def key(person: Person) -> str:
    """The person's key in hex."""
    with person.home() as home:
        return home.person.hex()


def elect(council: Council, name: str) -> None:
    """Make somebody the treasurer."""
    proposal = council.propose(council.ana, "Purse", "--office", "treasurer", "--candidate", name)
    council.vote(proposal, ana="A", ben="A", eva="A")


def test_credits_move_once_both_have_said_so_and_are_zero_in_sum(council: Council) -> None:
    ana, ben = council.ana, council.ben

    paid = ana.do("credit", "pay", "Ben", "3.50", "--reference", "For the bread", "--yes")
    council.gather()
    waits = ben.do("credit", "show")
    taken = ben.do("credit", "take", paid["payment"][:8])
    council.gather()

    assert (paid["from"], paid["to"], paid["amount"]) == (key(ana), key(ben), 350)
    assert (waits["balances"], waits["sum"]) == ({}, 0)
    assert [each["payment"] for each in waits["waiting"]] == [paid["payment"]]
    assert taken["in_effect"]
    for person in (ana, ben, council.eva):
        shown = person.do("credit", "show")
        assert (shown["balances"], shown["sum"]) == ({key(ana): -350, key(ben): 350}, 0)
        assert shown["overdrawn"] == []
    assert ana.do("credit", "show")["room"] == 650


def test_it_is_said_before_paying_that_it_is_public_and_that_the_limit_is_near(
    council: Council,
) -> None:
    told = council.ana.call("credit", "pay", "Ben", "4.01")

    assert told.code == 1
    assert "everybody in this community sees for good who paid whom how much" in told.err
    assert "Mind the limit: you would be at -4.01 CREDIT" in told.err
    assert council.ana.do("credit", "show")["waiting"] == []  # nobody said yes


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("-5", "bad-price", "negative"),
        ("0", "bad-amount", "above zero"),
        ("0.005", "bad-price", "decimals"),
        ("99999999999999999999", "bad-price", "too large"),
        ("20000000000", "bad-amount", "at most 10000000000.00"),
        ("5 EUR", "ambiguous-price", "names a currency"),
        ("10.01", "over-limit", "at most 10.00 can be paid now"),
    ],
)
def test_amounts_that_cant_be_paid_are_refused_with_a_sentence(
    council: Council, amount: str, reason: str, said: str
) -> None:
    refused = council.ana.call("credit", "pay", "Ben", amount, "--yes", "--json")

    assert (refused.code, refused.reason) == (1, reason)
    assert said in refused.err
    assert council.ana.do("credit", "show")["waiting"] == []


def test_who_can_be_paid(council: Council) -> None:
    def reason(*words: str) -> str:
        return council.ana.call(*words, "--json").reason

    assert reason("credit", "pay", "Ana", "1", "--yes") == "oneself"
    assert reason("credit", "pay", "Nobody", "1", "--yes") == "no-party"
    assert reason("settle", "pay", "Ana", "1") == "oneself"
    assert reason("settle", "pay", "Ben", "1", "--from-fund", "community") == "not-treasurer"
    assert reason("settle", "pay", "Ben", "1", "--currency", "XXY") == "bad-currency"
    assert reason("settle", "pay", "Ben", "1", "--currency", "CREDIT") == "credits"
    assert reason("settle", "got", "12345678") == "no-payment"
    assert reason("fund", "pay", "12345678") == "no-proposal"


def test_what_waits_counts_against_the_limit_and_nobody_elses_payment_can_be_taken(
    council: Council,
) -> None:
    paid = council.ana.do("credit", "pay", "Ben", "8", "--yes")
    council.gather()

    more = council.ana.call("credit", "pay", "Eva", "2.01", "--yes", "--json")
    theirs = council.eva.call("credit", "take", paid["payment"], "--json")

    assert (more.reason, theirs.reason) == ("over-limit", "not-yours")


def test_who_paid_says_so_and_who_got_it_too_then_it_counts(council: Council) -> None:
    ana, ben = council.ana, council.ben
    paid = ana.do("settle", "pay", "Ben", "12.50")
    council.gather()

    waits = ben.do("settle")
    ben.do("settle", "got", paid["reference"].lower())
    council.gather()
    counts = council.eva.do("settle")

    assert (waits["transfers"], len(waits["waiting"])) == ([], 1)
    # Nothing was owed, so what was paid is owed back.
    (back,) = counts["transfers"]
    assert (back["from"], back["to"], back["amount"]) == (key(ben), key(ana), 1250)
    assert ben.do("settle", "pay", "Ana", "12.50")["reference"] == back["reference"]
    assert (counts["currency"], counts["waiting"]) == ("EUR", [])
    assert council.eva.do("settle", "--mine")["transfers"] == []
    assert ana.do("settle", "--currency", "CHF")["transfers"] == []
    # Only its payee says so, a second time too.
    assert ana.call("settle", "got", paid["payment"], "--json").reason == "not-yours"
    assert ben.do("settle", "got", paid["payment"])["in_effect"]
    again = ana.do("settle", "pay", "Ben", "12.50")
    assert again["reference"] != paid["reference"]


def test_payments_are_found_in_a_banks_statement_by_their_references(council: Council) -> None:
    paid = council.ana.do("settle", "pay", "Ben", "12.50")
    council.ana.do("settle", "pay", "Ben", "7")
    council.gather()
    told = paid["reference"]
    spaced = f"01.02.2027;{told[:4]} {told[4:8].lower()} {told[8:]};12,50\n"
    file = council.ben.file("bank.csv", spaced)

    found = council.ben.do("settle", "match", file)
    said = council.ben.do("settle", "match", file, "--yes")

    assert [each["in_effect"] for each in found["found"]] == [False]
    assert [each["payment"] for each in said["found"]] == [paid["payment"]]
    assert said["found"][0]["in_effect"]
    assert council.ben.do("settle", "match", file)["found"] == []


def test_a_statement_adds_up_and_comes_as_a_table(council: Council, tmp_path: Path) -> None:
    ana, ben = council.ana, council.ben
    for amount in ("12.50", "2"):
        paid = ana.do("settle", "pay", "Ben", amount)
        council.gather()
        ben.do("settle", "got", paid["payment"])
        council.gather()
    file = tmp_path / "statement.csv"

    whole = ana.do("settle", "statement", "--csv", str(file))
    later = ana.do("settle", "statement", "--from", "2999-01-01")
    before = ben.do("settle", "statement", "--to", "1999-12-31")

    assert [(each["what"], each["amount"]) for each in whole["lines"]] == [
        ("payment", 1250),
        ("payment", 200),
    ]
    assert (whole["before"], whole["after"]) == (0, 1450)
    assert (later["before"], later["lines"], later["after"]) == (1450, [], 1450)
    assert (before["lines"], before["after"]) == ([], 0)
    rows = file.read_text("utf-8").splitlines()
    assert rows[0].startswith("date,what,with,amount,currency,position")
    assert [row.split(",")[1:6] for row in rows[1:]] == [
        ["payment", "Ben", "12.50", "EUR", "12.50"],
        ["payment", "Ben", "2.00", "EUR", "14.50"],
    ]


def test_an_account_is_checked_and_kept_for_its_owner_alone(council: Council) -> None:
    ana = council.ana
    spaced = "de89 3704 0044 0532 0130 00"

    kept = ana.do("settle", "account", "--iban", spaced, "--name", " Ana  Ortiz ")["account"]

    assert kept == {"iban": IBAN, "name": "Ana Ortiz", "bic": ""}
    assert ana.do("settle", "account")["account"] == kept
    assert ana.do("settle", "account", "--of", "community")["account"] is None
    (file,) = [each for each in ana.folder.iterdir() if IBAN in _text(each)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ana.do("settle", "account", "--forget")["account"] is None


def _text(path: Path) -> str:
    return path.read_bytes().decode("latin-1") if path.is_file() else ""


@pytest.mark.parametrize(
    ("iban", "bic", "reason", "said"),
    [
        ("DE89 3704 0044 0532 0130 01", "", "bad-iban", "check digits don't fit"),
        ("DE98 3704 0044 0532 0130 00", "", "bad-iban", "check digits don't fit"),
        ("12345678", "", "bad-iban", "one looks like DE89"),
        ("", "", "bad-iban", "one looks like DE89"),
        (IBAN, "nonsense!", "bad-bic", "may be left out"),
    ],
)
def test_a_mistyped_account_is_refused_and_the_old_one_stays(
    council: Council, iban: str, bic: str, reason: str, said: str
) -> None:
    ana = council.ana
    ana.do("settle", "account", "--iban", IBAN, "--name", "Ana")

    refused = ana.call("settle", "account", "--iban", iban, "--bic", bic, "--name", "A", "--json")

    assert (refused.code, refused.reason) == (1, reason)
    assert said in refused.err
    assert ana.do("settle", "account")["account"]["name"] == "Ana"


def test_the_treasurer_confirms_and_pays_out_what_was_decided(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    elect(council, "Eva")
    came = ben.do("settle", "pay", "community", "50")
    council.gather()
    assert ana.call("settle", "got", came["payment"], "--json").reason == "not-treasurer"
    eva.do("settle", "got", came["payment"])
    granted = council.propose(ana, "Paint", "--spend", "30", "--to", "Ben")
    council.vote(granted, ana="yes", ben="yes", eva="yes")

    refused = eva.call("fund", "pay", granted, "--amount", "30.01", "--json")
    paid = eva.do("fund", "pay", granted, "--amount", "20")
    wrong = eva.do("settle", "pay", "Ana", "5", "--from-fund", "community")
    council.gather()
    ben.do("settle", "got", paid["payment"])
    ana.do("settle", "got", wrong["payment"])
    council.gather()

    assert refused.reason == "too-much"
    for person in (ana, ben, eva):
        book = person.do("fund", "show")
        (line,) = book["granted"]
        held = {each["fund"]: each["held"] for each in book["funds"]}
        assert held == {"community": 2500, "hardship": 0}
        assert (line["decision"], line["paid"], line["left"]) == (granted, 2000, 1000)
        marks = {each["payment"]: each["mark"] for each in book["ledger"]}
        # Ben's 50 were more than he owed: of that the fund may give back without a decision.
        assert marks == {came["payment"]: "", paid["payment"]: "", wrong["payment"]: ""}
