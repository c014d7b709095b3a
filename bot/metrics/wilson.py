"""Wilson score interval of a share."""

from math import sqrt

Z_95 = 1.959963984540054


def wilson(part: int, whole: int, *, z: float = Z_95) -> tuple[float, float] | None:
    """Lower and upper end of the interval of `part` of `whole`, in percent; None of nothing.

    Source: E. B. Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    Unlike p ± z·√(p(1−p)/n) it stays within 0–100 and is honest for few answers and for 0 % or 100 %.
    """
    if whole <= 0:
        return None
    share = part / whole
    spread = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    scale = 1 + z * z / whole
    middle = share + z * z / (2 * whole)
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return 100.0 * min(max(0.0, low), share), 100.0 * max(min(1.0, high), share)
