"""Every view, a line each. Order matters only where one view reads another's tables."""

from __future__ import annotations

from storage.views import (
    assembly,
    comments,
    grants,
    listings,
    membership,
    payments,
    profiles,
    recalls,
    receipts,
    recommendations,
    reviews,
    sealed,
)
from storage.views.view import View

VIEWS: tuple[View, ...] = (
    membership.VIEW,
    profiles.VIEW,
    listings.VIEW,
    assembly.VIEW,
    comments.VIEW,
    recalls.VIEW,
    receipts.VIEW,
    grants.VIEW,
    recommendations.VIEW,
    payments.VIEW,
    sealed.VIEW,
    reviews.VIEW,
)

BY_KIND: dict[str, list[View]] = {}
for _view in VIEWS:
    for _kind in _view.kinds:
        BY_KIND.setdefault(_kind, []).append(_view)
