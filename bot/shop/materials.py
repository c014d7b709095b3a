"""What products are made of, as shoppers say it: the names of materials in a product's `material`."""

import re
from collections.abc import Iterable
from itertools import pairwise

# of what a feed writes only these are names: "leather sole" is leather, "100% merino wool, 190 g/m²" merino wool
KNOWN = frozenset(
    """
    acrylic aluminium aluminum alpaca bamboo beech beeswax birch brass bronze canvas cashmere ceramic chenille chrome
    copper cordura cork corduroy cotton denim down elastane enamel fibreglass fiberglass flannel fleece foam glass gold
    hemp iron jersey jute kevlar latex leather linen lycra mahogany marble merino mesh microfibre microfiber modal
    mohair neoprene nubuck nylon oak paper pine plastic polyamide polycarbonate polyester polypropylene porcelain rattan
    rayon resin ripstop rubber satin sheepskin silicone silk silver slate softshell spandex steel stone stoneware suede
    sherpa teak titanium tweed velvet vinyl viscose walnut wicker willow wood wool felt ash clay soapstone wax
    """.split()  # noqa: SIM905 - a hundred lines otherwise
)
_QUALITIES = frozenset(
    {"stainless", "cast", "organic", "waxed", "enamelled", "vegan", "patent", "birch", "beech"}
)
_WORD = re.compile(r"[^\W\d_]+")
_PART = re.compile(r"[,;/&+()]| and ")


def materials(descriptions: Iterable[str]) -> list[str]:
    """The materials that products' descriptions name, sorted: single words, and pairs such as `merino wool`."""
    found: set[str] = set()
    for description in descriptions:
        for part in _PART.split(description.lower()):
            words = _WORD.findall(part)
            named = [word for word in words if word in KNOWN]
            found.update(named)
            found.update(
                f"{one} {other}"
                for one, other in pairwise(words)
                if other in KNOWN and (one in KNOWN or one in _QUALITIES)
            )
    return sorted(found)
