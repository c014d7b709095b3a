"""How many digits the minor unit of a currency has (ISO 4217)."""

NO_MINOR = frozenset(
    {
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    }
)
THREE_DIGITS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def exponent(currency: str) -> int:
    """2 for euros and cents, 0 for yen, 3 for dinars."""
    return 0 if currency in NO_MINOR else 3 if currency in THREE_DIGITS else 2
