"""What things are called: tags, line numbers, services and remarks, in the manner of one plant."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_LETTERS = {
    "P": ("PT", "PI", "PIC", "PDT", "PDI", "PSH", "PSLL", "PG", "PICSA", "PCV"),
    "T": ("TT", "TI", "TIC", "TE", "TW", "TICSA", "TG", "TSHH", "TW/TI"),
    "F": ("FT", "FI", "FIC", "FE", "FO", "FQI", "FG", "FFC"),
    "L": ("LT", "LI", "LIC", "LG", "LSHH", "LSLL", "LICSA", "LDT"),
    "H": ("HS", "HV", "HIC", "ZSO", "ZSC", "ZI", "XA", "XV", "XS", "AE", "AT", "SDV", "ESDV", "YS", "US", "MS", "VT"),
}
_CONTROLLERS = ("PIC", "TIC", "FIC", "LIC", "PI", "TI", "LI", "FI", "PDI", "ZI", "PICSA", "TICSA", "US", "XA")
_FLUIDS = (
    "PG",
    "PL",
    "VF",
    "VA",
    "FW",
    "DC",
    "OL",
    "CW",
    "CM",
    "HM",
    "WS",
    "MP",
    "WK",
    "QS",
    "P",
    "LS",
    "IA",
    "N",
    "BD",
    "FG",
    "SW",
    "CD",
)
_SERVICES = (
    "INLET SEPARATOR",
    "3RD STAGE SUCTION DRUM",
    "LOW PRESSURE FLARE",
    "HIGH PRESSURE FLARE",
    "VENT SYSTEM",
    "DRAIN SYSTEM",
    "COOLING MEDIUM SUPPLY",
    "COOLING MEDIUM RETURN",
    "FUEL GAS",
    "EXPORT GAS",
    "SLOPS TANK",
    "FEED FROM UNIT 31",
    "PRODUCT RUNDOWN",
    "LP STEAM",
    "MP STEAM",
    "CONDENSATE",
    "NITROGEN",
    "INSTRUMENT AIR",
    "PLANT AIR",
    "SEAL OIL",
    "HYDRAULIC RETURN",
    "SAFE LOCATION",
    "CORROSION INHIBITOR",
    "AFTERCOOLER",
    "AMINE STRIPPER",
    "TAIL GAS TO OXIDISER",
    "WASH WATER",
    "TEG",
    "REFLUX DRUM",
    "CAUSTIC",
    "ANALYSER RETURN",
    "CRUDE FROM DESALTER",
    "BOILER FEED WATER",
    "SOUR WATER",
    "POTABLE WATER",
    "FIRE WATER RING",
    "DEMIN WATER",
)
_SERVICES_KO = (
    "냉각수 공급",
    "냉각수 회수",
    "증기 공급",
    "응축수 회수",
    "플레어 헤더",
    "폐수 처리",
    "제품 저장탱크",
    "질소 공급",
    "계장용 공기",
    "원료 공급",
    "배출",
    "연료가스",
)
_EQUIPMENT = {
    "vessel": ("FLASH DRUM", "FEED DRUM", "DAY TANK", "REACTOR", "STRIPPER", "ABSORBER", "REFLUX DRUM", "SURGE VESSEL"),
    "separator": ("SEPARATOR", "FILTER", "KNOCK-OUT DRUM", "CYCLONE", "COALESCER"),
    "pump": ("FEED PUMP", "TRANSFER PUMP", "BOOSTER PUMP", "CIRCULATION PUMP"),
    "compressor": ("GAS COMPRESSOR", "BLOWER", "RECYCLE COMPRESSOR"),
    "heat_exchanger": ("GAS COOLER", "FEED HEATER", "TRIM COOLER", "CONDENSER", "INTERCHANGER"),
    "other": ("PACKAGE UNIT", "SEAL OIL UNIT", "DOSING PACKAGE"),
}
_PREFIX = {
    "vessel": "V",
    "separator": "S",
    "pump": "P",
    "compressor": "K",
    "heat_exchanger": "E",
    "other": "X",
    "valve": "V",
    "fitting": "X",
    "reducer": "R",
    "actuator": "A",
}
_INCHES = ('1/2"', '3/4"', '1"', '1.1/2"', '2"', '3"', '4"', '6"', '8"', '10"', '12"', '16"')
_METRIC = ("15", "25", "40", "50", "80", "100", "150", "200", "250")
_OFFSHORE = ("0050", "0075", "0100", "0150", "0200", "0300", "0400", "0600", "3000")


@dataclass(eq=False)
class Names:
    """A source of names in one plant's manner; `manner` is a style family."""

    rng: np.random.Generator
    manner: str
    korean: bool = False
    area: str = ""
    meaning: dict[str, dict[str, str]] = field(default_factory=dict)
    """What a string that stands at a part says of it, by the names of a symbol's attributes."""
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.area = str(self.rng.integers(10, 99))
        self.unit = int(self.rng.integers(10, 99))
        self.start = int(self.rng.integers(1, 80)) * 10
        self.drawing = f"{self._letters(2)}-{self._letters(2)}-P-{int(self.rng.integers(100, 400)):04d}"
        self.inches = bool(self.rng.random() < 0.6)
        self.benchmark_pairs = [self._letters(2) for _ in range(14)]

    def _letters(self, n: int) -> str:
        return "".join(self.rng.choice(list("ABCDEFGHJKLMNPQRSTUVWXYZ"), n))

    def _one(self, of: tuple[str, ...] | list[str]) -> str:
        return str(of[int(self.rng.integers(len(of)))])

    def number(self, key: str) -> int:
        """The next number of a series."""
        self._count[key] = self._count.get(key, self.start) + 1
        return self._count[key]

    def size(self) -> str:
        """A nominal size."""
        size = self._one(_OFFSHORE if self.manner == "offshore" else _INCHES if self.inches else _METRIC)
        return self._means(size, size=size)

    def _means(self, text: str, **facts: str) -> str:
        self.meaning[text] = facts
        return text

    def reducer(self) -> str:
        """Two sizes of a reducer."""
        a, b = self.size(), self.size()
        text = f"{a}x{b}" if self.manner in ("offshore", "benchmark") else f"{a}/{b}"
        return self._means(text, size=a, size_small=b)

    def piping_class(self) -> str:
        """A piping or valve class."""
        one = self._one
        if self.manner == "offshore":
            letters = one(("G", "B", "C", "G")) + one(("T", "B", "L")) + one(("A", "B")) + one(("D", "S"))
            return f"{letters}{self.rng.integers(0, 6)}{one(('0R', '1FR', 'XR', '0R'))}"
        return f"{self.rng.integers(10, 80)}{self._letters(2)}{self.rng.integers(10, 30)}"

    def valve(self) -> tuple[str, ...]:
        """Lettering of a hand valve: size, class, tag; the tag is last."""
        n = self.number("valve")
        if self.manner == "offshore":
            size, spec = self.size(), self.piping_class()
            return size, self._means(spec, spec=spec), f"{self.area}-V-{self.unit}{n:03d}"
        if self.manner == "cae":
            spec, size = self.piping_class(), self._one(_METRIC)
            return (self._one((self._means(f"{spec}-{size}", spec=spec, size=size), f"AB{n:03d}")),)
        if self.manner == "vendor":
            tag = self._one((f"HV {self.unit}{n}-0{self.rng.integers(1, 4)}", "V", "D", f"HV {self.unit}{n}"))
            spec = self.piping_class()
            return self._means(f"CL: {spec}", spec=spec), tag
        if self.manner == "benchmark":
            return (f"{self._one(self.benchmark_pairs)}-{self.rng.integers(0, 99999):05d}",)
        if self.rng.random() < 0.5:
            return (f"HV-{self.unit}{n}",)
        return self.size(), f"V{n}"

    def part(self, group: str) -> str:
        """A tag of a fitting or other small part."""
        n = self.number(group)
        if self.manner == "benchmark":
            return self._one(
                (
                    f"{self._one(self.benchmark_pairs)}-{self.rng.integers(1, 99):02d}",
                    f'{self.rng.integers(1, 18)}"',
                    f"ERV-{self.rng.integers(1, 9)}-{self.rng.integers(1, 60):02d}",
                )
            )
        return f"{_PREFIX.get(group, 'X')}{self._one(('', 'T', 'S'))}-{self.unit}{n}"

    def bubble(self, *, controller: bool = False, first: str | None = None) -> tuple[str, str]:
        """Letters and number of an instrument."""
        if self.manner == "benchmark":
            return self._letters(3), str(self.rng.integers(100, 999))
        pool = _CONTROLLERS if controller else _LETTERS[first or self._one(list(_LETTERS))]
        letters = self._one(pool)
        n = self.number("loop")
        if self.manner == "cae":
            return letters, self._one((f"{self.unit}50.{n % 100:02d}", f"{letters[0]}{n:04d}"))
        suffix = self._one(("", "", "", "", "A", "-01", "-02", "B"))
        return letters, f"{self.unit}{n}{suffix}"

    def line_number(self) -> str:
        """A line number."""
        n, fluid, one = self.number("line"), self._one(_FLUIDS), self._one
        if self.manner == "offshore":
            end = f"A{one(('D', 'S'))}{self.rng.integers(18, 26)}-{one(('0', '0', '7C', '8C', '4Y'))}"
            return f"{self.size()}-{fluid[:2]}-{self.area}L{self.unit}{n:03d}-{end}"
        if self.manner == "cae":
            if self.rng.random() < 0.5:
                return f"{fluid[:2]}{one(('a', 'b', 'c'))} {self.unit}{n} {self.piping_class()} {one(_METRIC)}"
            return f"LR{n:03d}.{self.rng.integers(10000, 30000)}-{one(_METRIC)}-10{self._letters(2)}01B1"
        if self.manner == "benchmark":
            return f'{self.rng.integers(1, 9)}"-{self._letters(2)}-{self.rng.integers(0, 9999):04d}'
        forms = (f"{self.size()}-{fluid}-{self.unit}{n}-{self.piping_class()}", f"{fluid}-{self.unit}{n}-{self.size()}")
        return one((*forms, f"{self.size()}-{fluid}-{n}-A1A-H"))

    def spec(self) -> str:
        """A short piping class for spec breaks."""
        return self._one(
            (
                f"A{self._one(('D', 'S'))}{self.rng.integers(18, 26)}",
                f"{self._letters(1)}{self.rng.integers(1, 9)}{self._letters(1)}",
            )
        )

    def equipment(self, group: str) -> tuple[str, str]:
        """Tag and name of an equipment item."""
        n = self.number(f"eq-{group}")
        prefix = _PREFIX.get(group, "X")
        tag = (
            f"{self.area}-{self._letters(1) + prefix}-{self.unit}{n % 100:02d}"
            if self.manner in ("offshore", "vendor")
            else f"{prefix}{self._one(('', '-', 'A'))}{self.unit}{n % 100:02d}"
        )
        return tag, self._one(_EQUIPMENT.get(group, _EQUIPMENT["other"]))

    def service(self) -> str:
        """What flows at a connector, and where."""
        return self._one(_SERVICES_KO if self.korean and self.rng.random() < 0.6 else _SERVICES)

    def sheet(self) -> str:
        """The number of another drawing."""
        if self.manner == "offshore":
            return f"{self.drawing[:-4]}{self.rng.integers(100, 400):04d}-00{self.rng.integers(1, 3)}"
        if self.manner == "vendor":
            return f"{self.rng.integers(800000000, 900000000)}"
        return f"D-{self.unit}0-{self.rng.integers(1, 60):03d}"

    def remark(self) -> str:
        """A remark beside a symbol."""
        return self._one(
            (
                f"(NOTE {self.rng.integers(1, 16)})",
                f"NOTE {self.rng.integers(1, 16)}",
                "MIN.",
                "F.C.",
                "F.O.",
                "LO",
                "LC",
                "TSO",
                "RADAR",
                "NNF",
                "(HOLD)",
                "3mm",
            )
        )

    def set_pressure(self) -> tuple[str, ...]:
        """Lettering beside a relief valve."""
        p = self.rng.integers(2, 90)
        return self._one_of(
            (
                (f"SET @ {p} BARG",),
                (f"{self.rng.integers(1, 8)}J{self.rng.integers(2, 9)}", "SET AT", f"{p} BARG"),
                (f"p = {p} bar", "DN 40/80"),
            )
        )

    def _one_of(self, of: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
        return of[int(self.rng.integers(len(of)))]
