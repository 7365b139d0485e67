"""Majority: more than half of those who say yes or no, or as much more as the charter asks."""

from governance.charter_read import Threshold
from governance.methods.method import YesNo
from governance.methods.yesno import YES_NO, one_of, show, summary, word

METHOD = YesNo(
    name="majority",
    form="yesno",
    most_options=0,
    check=one_of(YES_NO),
    split=word,
    show=show,
    words=YES_NO,
    floor=Threshold(1, 2, "more"),  # so a tie is never enough
    summary=summary,
)
