"""Which counts of the feedback analysis are the same, which add up to which, and what its rates are made of."""

_RATED = " + months:last:ratings + ratings:No rating:responses"
"""How many ratings there were, which a share of them tells."""

TIES = (
    "metric:responses = rows:used = months:latest:responses = ratings:all:responses = categories:all:all"
    " = waits:all:responses = compared:All responses:now",
    "metric:responses:then = months:earlier:responses = compared:All responses:then",
    "categories:all:positive = compared:Positive ratings:now"
    " = ratings:4 (positive):responses + ratings:5 (positive):responses",
    "categories:all:neither = compared:Neither:now = ratings:3 (neither):responses",
    "categories:all:negative = compared:Negative ratings:now = waits:all:negative"
    " = ratings:1 (negative):responses + ratings:2 (negative):responses",
    "categories:all:not_rated = compared:Not rated:now = ratings:No rating:responses",
    "metric:responses = months:last:ratings + ratings:No rating:responses",
    "metric:responses:then = months:before:ratings + compared:Not rated:then",
    "months:last:ratings = categories:all:positive + categories:all:neither + categories:all:negative",
    "months:last:ratings = compared:Positive ratings:now + compared:Neither:now + compared:Negative ratings:now",
    "months:before:ratings = compared:Positive ratings:then + compared:Neither:then + compared:Negative ratings:then",
    *(
        f"compared:All responses:{when} = compared:Positive ratings:{when} + compared:Neither:{when}"
        f" + compared:Negative ratings:{when} + compared:Not rated:{when}"
        for when in ("then", "now")
    ),
    "metric:positive = scores:Positive, % of ratings:now <- categories:all:positive + compared:Positive ratings:now"
    f"{_RATED}",
    "metric:positive:then = scores:Positive, % of ratings:then"
    " <- compared:Positive ratings:then + months:before:ratings + compared:Not rated:then",
    f"scores:Neither, % of ratings:now <- ratings:3 (neither):responses{_RATED}",
    "scores:Neither, % of ratings:then <- compared:Neither:then + months:before:ratings + compared:Not rated:then",
    f"scores:Negative, % of ratings:now <- categories:all:negative + compared:Negative ratings:now{_RATED}",
    "scores:Negative, % of ratings:then"
    " <- compared:Negative ratings:then + months:before:ratings + compared:Not rated:then",
    "scores:Net score, −100 to +100:now = months:last:net"
    f" <- categories:all:positive + categories:all:negative{_RATED}",
    "scores:Net score, −100 to +100:then = months:before:net"
    " <- compared:Positive ratings:then + compared:Negative ratings:then + months:before:ratings",
    f"months:last:positive = categories:all:share_positive <- categories:all:positive{_RATED}",
    f"months:last:negative = categories:all:share_negative <- categories:all:negative{_RATED}",
    "months:before:positive <- compared:Positive ratings:then + compared:Not rated:then",
    "months:before:negative <- compared:Negative ratings:then + compared:Not rated:then",
    f"ratings:each:share <- {_RATED.removeprefix(' + ')}",
    "metric:mean = scores:Mean rating, 1 to 5:now = months:last:mean = categories:all:mean"
    " <- ratings:1 (negative):responses + ratings:2 (negative):responses + ratings:3 (neither):responses"
    f" + ratings:4 (positive):responses + ratings:5 (positive):responses{_RATED}",
    "metric:answered_soon = scores:Answered within 3 days, % of responses:now"
    " <- waits:Within 1 day:responses + waits:2 to 3 days:responses + waits:all:responses",
    "scores:Response rate, % of visits:now <- visits:all:named + visits:all:visits",
)
"""content/suppression/ties.py reads them."""
