"""Plausible wording of title blocks, tables, notes and stamps. Names and companies are invented for this project."""

from __future__ import annotations

from typing import Literal

import numpy as np

Language = Literal["en", "de", "no"]

COMPANIES = (
    "NORDHAVN ENGINEERING", "HALDEN PROCESS AS", "Meridian Petrochem", "ASTERIA OIL & GAS", "Kestrel Water Ltd.",
    "BLUEWELL CHEMICALS", "TERRANOVA ENERGY", "Hansung Plant E&C", "Daehan Process Eng. Co., Ltd.",
    "Vialta Ingenieros", "Lindqvist & Partners", "SILVERTON REFINING", "Rheintal Anlagenbau GmbH", "POLARIS LNG",
    "Corvus Pharma", "ORION CONTRACTORS", "Seojin Engineering", "Umbra Gas Processing", "EASTGATE POWER",
    "Brightwater Utilities",
)  # fmt: skip
COMPANIES_KO = (
    "한빛플랜트", "대성엔지니어링", "서진공업(주)", "미래석유화학", "동해에너지", "신우이앤씨(주)",
)  # fmt: skip
CITIES = (
    "HOUSTON, TEXAS", "ROTTERDAM", "ULSAN, KOREA", "STAVANGER", "LEVERKUSEN", "ABERDEEN", "SINGAPORE", "YEOSU, KOREA",
)  # fmt: skip
PROJECTS = (
    "HYDROCRACKER REVAMP PROJECT", "Utilities Expansion Phase 2", "GAS COMPRESSION UPGRADE",
    "EO/EG UNIT DEBOTTLENECKING", "AMMONIA STORAGE PROJECT", "Waste Water Treatment Plant", "LPG TERMINAL",
    "PLATFORM LIFE EXTENSION", "BIODIESEL PLANT 50 KTA", "Sulphur Recovery Unit 3", "SOLVENT RECOVERY",
    "COOLING WATER SYSTEM REPLACEMENT", "CRUDE UNIT MODERNISATION", "FPSO TOPSIDES", "Polymer Line 4",
    "BOILER FEED WATER PROJECT",
)  # fmt: skip
PROJECTS_KO = (
    "제2공장 증설공사", "유틸리티 개선 프로젝트", "폐수처리설비 신설", "압축기 교체공사", "저장탱크 증설",
)  # fmt: skip
PLANTS = (
    "UNIT 100", "UNIT 23", "AREA 4", "Utilities", "TANK FARM", "PLANT 7", "BLOCK B", "TRAIN 2", "U 4100", "OFFSITES",
)  # fmt: skip
TYPES = (
    "PIPING & INSTRUMENT DIAGRAM", "P&ID", "PIPING AND INSTRUMENTATION DIAGRAM", "PROCESS & INSTRUMENT DIAGRAM",
)  # fmt: skip
STATUSES = (
    "FOR APPROVAL", "IFC", "IFD", "AS BUILT", "PRELIMINARY", "FOR REVIEW", "In Design", "IFA", "RELEASED",
)  # fmt: skip
STAMPS = (
    "ISSUED FOR CONSTRUCTION", "APPROVED", "AS BUILT", "ISSUED FOR DESIGN", "PRELIMINARY", "NOT FOR CONSTRUCTION",
    "RECEIVED", "CONTROLLED COPY", "FOR INFORMATION ONLY", "SUPERSEDED", "CERTIFIED FINAL", "HOLD", "CHECKED", "VOID",
)  # fmt: skip
STAMPS_KO = (
    "승인", "시공용", "준공도", "검토필", "참고용", "접수",
)  # fmt: skip
REVISION_TEXTS = (
    "ISSUED FOR REVIEW", "ISSUED FOR DESIGN", "ISSUED FOR CONSTRUCTION", "AS BUILT", "REVISED AS CLOUDED",
    "ISSUED FOR HAZOP", "HAZOP COMMENTS INCORPORATED", "CLIENT COMMENTS INCORPORATED", "ISSUED FOR APPROVAL",
    "AS BUILT, WO-{n}", "VENDOR DATA ADDED", "RE-ISSUED FOR CONSTRUCTION", "LINE NUMBERS UPDATED", "UPDATE",
    "FIRST ISSUE", "DCN {n} INCORPORATED", "GENERAL REVISION", "VALVE TAGS ADDED",
)  # fmt: skip
REVISION_TEXTS_KO = (
    "최초 발행", "승인용 발행", "시공용 발행", "준공도 발행", "의견 반영", "설계 변경 {n}", "밸브 태그 추가",
)  # fmt: skip
NAMES = (
    "A. Keller", "J. Moen", "S. Rao", "C. Hecker", "M. Alonso", "T. Bakke", "P. Lindgren", "R. Osei", "K. Yamada",
    "D. Novak", "L. Fischer", "B. Larsen", "E. Okafor", "H. Svensson", "N. Petrov", "G. Rossi", "W. Schmidt",
    "F. Dubois",
)  # fmt: skip
NAMES_KO = (
    "김민수", "이정훈", "박서연", "최영호", "정하늘", "강동현", "조은지", "윤성민", "임재욱", "한지원",
)  # fmt: skip
MONTHS = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip

NOTES = (
    "ALL VENT AND DRAIN VALVES 3/4\" UNLESS NOTED OTHERWISE.", "VALVE UNDER KEY INTERLOCK.", "NO POCKETS.",
    "INSTALL NEXT TO THE NOZZLE.", "KEEP 600 MM CLEAR OF THE WALKWAY.", "VALVE TO BE LOCKED OPEN.",
    "PROVIDE STRAIGHT RUN OF 10D UPSTREAM AND 5D DOWNSTREAM.", "FOR GENERAL NOTES AND LEGEND SEE DRAWING {d}.",
    "TRACE IMPULSE LINES.", "CONTROL VALVE BYPASS TO BE INSTALLED HORIZONTALLY.", "SLOPE TOWARDS THE DRUM.",
    "PSV INLET LINE LOSS NOT TO EXCEED 3% OF SET PRESSURE.", "ELECTRICAL TRACING TO MAINTAIN 60 DEG C.",
    "SPARE NOZZLE WITH BLIND FLANGE.", "PUMP SUCTION STRAINER TO BE REMOVED AFTER COMMISSIONING.",
    "SET PRESSURE {n} BARG.", "DELETED.", "HOLD: SUPPLIER TO CONFIRM NOZZLE SIZES.",
    "SUPPLIED LOOSE BY PACKAGE VENDOR.", "LINE TO BE FREE DRAINING.", "SIPHON BREAKER HOLE DIA 6 MM.",
    "SIGNAL TO PLANT DCS VIA SERIAL LINK.", "ALL DIMENSIONS IN MILLIMETRES UNLESS OTHERWISE STATED.",
    "ACTUATOR TO FAIL CLOSED ON LOSS OF AIR.", "LEVEL BRIDLE NOT INSULATED IN GAS SERVICE.", "TUBING TO BE 316L.",
    "RETURN LINE ENDS ABOVE LIQUID.", "MAXIMUM ALLOWABLE BACK PRESSURE 7 MBARG.",
    "CAR SEALED CLOSED DURING NORMAL OPERATION.", "MINIMUM FLOW LINE TO BE ROUTED BACK TO {t}.",
    "SAMPLE POINT TO BE ACCESSIBLE FROM GRADE.",
)  # fmt: skip
NOTES_KO = (
    "별도 표기가 없는 한 모든 벤트 및 드레인 밸브는 20A로 한다.", "밸브는 상시 개방 상태로 잠근다.",
    "배관은 용기 쪽으로 구배를 준다.", "범례 및 일반 주기는 도면 {d} 참조.", "계장 배관은 열추적을 실시한다.",
    "안전밸브 설정압력 {n} barg.", "예비 노즐은 맹플랜지로 마감한다.", "치수 단위는 mm이다.",
    "펌프 흡입 스트레이너는 시운전 후 제거한다.",
)  # fmt: skip
REFERENCES = (
    "LEGEND AND SYMBOLS", "GENERAL NOTES", "LINE LIST", "VALVE LIST", "INSTRUMENT INDEX", "PLOT PLAN",
    "PFD UTILITIES", "CAUSE AND EFFECT CHART", "COOLING WATER DISTRIBUTION", "FLARE HEADER",
    "INSTRUMENT AIR DISTRIBUTION", "CLOSED DRAIN SYSTEM", "COMPRESSOR TRAIN A", "LUBE OIL CONSOLE",
    "GENERAL ARRANGEMENT", "SEAL GAS SYSTEM", "STEAM AND CONDENSATE", "NITROGEN DISTRIBUTION", "EQUIPMENT LIST",
    "PIPING CLASS SPECIFICATION",
)  # fmt: skip
COPYRIGHT = (
    "THIS DRAWING IS THE PROPERTY OF {c} AND SHALL NOT BE COPIED OR DISCLOSED WITHOUT WRITTEN CONSENT.",
    "COPYRIGHT {c}. ALL RIGHTS RESERVED.", "CONFIDENTIAL - PROPERTY OF {c}. RETURN ON REQUEST.",
    "Copyright acc. ISO 16016",
)  # fmt: skip

LABELS: dict[str, tuple[tuple[str, ...], str]] = {
    "drawing_number": (("DRAWING NO.", "DWG NO.", "DRAWING NUMBER", "DOCUMENT NO.", "Drawing-No."), "도면번호"),
    "title": (("TITLE", "DRAWING TITLE", "Drawing Title", "DESCRIPTION"), "도면명"),
    "project": (("PROJECT", "PROJECT TITLE", "PROJECT NAME", "JOB"), "공사명"),
    "project_number": (("PROJECT NO.", "JOB NO.", "PROJECT NUMBER", "CONTRACT NO."), "공사번호"),
    "client": (("CLIENT", "OWNER", "CUSTOMER", "COMPANY"), "발주처"),
    "company": (("CONTRACTOR", "ENGINEER", "DESIGNED BY", "SUPPLIER"), "설계사"),
    "sheet": (("SHEET", "SHT.", "SHEET NO.", "PAGE"), "매수"),
    "revision": (("REV", "REV.", "REVISION", "ISSUE"), "개정"),
    "scale": (("SCALE", "Scale"), "척도"),
    "size": (("SIZE", "FORMAT", "Format"), "용지"),
    "drawn_by": (("DRAWN", "DRAWN BY", "CREATED BY", "DRN", "Creator"), "제도"),
    "checked_by": (("CHECKED", "CHECKED BY", "CHKD", "CHK"), "검토"),
    "approved_by": (("APPROVED", "APPROVED BY", "APPD", "APPR"), "승인"),
    "designed_by": (("DESIGNED", "ENGINEER", "ENGR", "DESIGN"), "설계"),
    "date": (("DATE", "Date"), "일자"),
    "name": (("NAME", "BY", "INITIALS"), "성명"),
    "signature": (("SIGNATURE", "SIGN", "SIG."), "서명"),
    "status": (("STATUS", "Current Status", "DOC STATUS"), "상태"),
    "document_type": (("DOCUMENT TYPE", "DOC. TYPE", "TYPE"), "도서종류"),
    "plant": (("PLANT SECTION", "UNIT", "AREA", "SITE", "PLANT"), "공정"),
    "file_name": (("FILE NAME", "File Name", "CAD FILE"), "파일명"),
    "rev_description": (("DESCRIPTION", "REVISION", "DETAILS OF REVISION"), "내용"),
    "notes": (("NOTES:", "NOTES", "GENERAL NOTES:", "GENERAL NOTE:"), "주기"),
    "references": (("REFERENCE DRAWINGS", "REFERENCE DOCUMENTS:", "REFERENCES"), "참조도면"),
    "revisions": (("REVISIONS", "REVISION HISTORY", "Revisions Status"), "개정이력"),
}  # fmt: skip

LABELS_ABROAD: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "drawing_number": ("ZEICHNUNGS-NR.", "Zeichnungsnummer", "ZEICHN.-NR.", "Dokument-Nr."),
        "title": ("BENENNUNG", "Titel", "ZEICHNUNGSTITEL"), "project": ("PROJEKT", "BAUVORHABEN"),
        "project_number": ("PROJEKT-NR.", "AUFTRAGS-NR.", "Projektnummer"), "client": ("AUFTRAGGEBER", "KUNDE"),
        "company": ("AUFTRAGNEHMER", "FIRMA"), "sheet": ("BLATT", "BLATT-NR."),
        "revision": ("REV.", "ÄNDERUNG", "INDEX"), "scale": ("MASSSTAB", "Maßstab"), "size": ("FORMAT",),
        "drawn_by": ("GEZEICHNET", "GEZ.", "BEARB."), "checked_by": ("GEPRÜFT", "GEPR."),
        "approved_by": ("FREIGEGEBEN", "GENEHMIGT"), "designed_by": ("ENTWORFEN", "KONSTR."), "date": ("DATUM",),
        "name": ("NAME",), "signature": ("UNTERSCHRIFT",), "status": ("STATUS",),
        "document_type": ("DOKUMENTART",), "plant": ("ANLAGE", "TEILANLAGE"), "file_name": ("DATEINAME", "DATEI"),
        "rev_description": ("BESCHREIBUNG", "ART DER ÄNDERUNG"), "notes": ("HINWEISE:", "BEMERKUNGEN"),
        "references": ("BEZUGSZEICHNUNGEN",), "revisions": ("ÄNDERUNGEN",),
    },
    "no": {
        "drawing_number": ("TEGNING NR.", "Tegningsnummer", "DOKUMENT NR."), "title": ("TITTEL", "TEGNINGSTITTEL"),
        "project": ("PROSJEKT",), "project_number": ("PROSJEKT NR.", "KONTRAKT NR."),
        "client": ("KUNDE", "OPPDRAGSGIVER"), "company": ("LEVERANDØR", "FIRMA"), "sheet": ("BLAD", "ARK"),
        "revision": ("REV.", "UTGAVE"), "scale": ("MÅLESTOKK",), "size": ("FORMAT", "ARKFORMAT"),
        "drawn_by": ("TEGNET", "TEGNET AV"), "checked_by": ("KONTROLLERT", "KONTR."),
        "approved_by": ("GODKJENT", "GODKJ."), "designed_by": ("UTARBEIDET",), "date": ("DATO",), "name": ("NAVN",),
        "signature": ("SIGNATUR",), "status": ("STATUS",), "document_type": ("DOKUMENTTYPE",),
        "plant": ("ANLEGG", "OMRÅDE"), "file_name": ("FILNAVN",), "rev_description": ("BESKRIVELSE",),
        "notes": ("MERKNADER:",), "references": ("REFERANSETEGNINGER",), "revisions": ("REVISJONER",),
    },
}  # fmt: skip
"""German and Norwegian wording of the labels of `LABELS`."""


class Wording:
    """Draws words for one sheet: one date format, one way of writing initials, one language per sheet."""

    def __init__(self, rng: np.random.Generator, *, korean: bool, language: Language = "en") -> None:
        self.rng = rng
        self.korean = korean
        self.language = language
        self._both = bool(rng.random() < 0.4)
        self._date = int(rng.integers(5))
        self._initials = bool(rng.random() < 0.6)
        self._labels: dict[str, str] = {}
        self.year = int(rng.integers(1984, 2026))

    def pick(self, english: tuple[str, ...], korean: tuple[str, ...] = ()) -> str:
        """One of the words, Korean more often than not on a Korean sheet; ``{n}`` and the like are filled in."""
        words = korean if self.korean and korean and self.rng.random() < 0.7 else english
        text = str(words[int(self.rng.integers(len(words)))])
        pressure = "bar" in text.lower()
        n = f"{self.rng.uniform(2, 60):.1f}" if pressure else str(self.rng.integers(1000, 40000))
        return text.format(n=n, d=self.number(), t=f"T-{self.rng.integers(101, 999)}", c="THE COMPANY")

    def label(self, name: str) -> str:
        """The sheet's wording of a label of `LABELS`, the same each time."""
        if name not in self._labels:
            english, korean = LABELS[name]
            english = LABELS_ABROAD.get(self.language, {}).get(name, english)
            text = str(english[int(self.rng.integers(len(english)))])
            if self.korean:
                text = f"{korean} {text}" if self._both else korean
            self._labels[name] = text
        return self._labels[name]

    def person(self) -> str:
        """A name or initials."""
        if self.korean and self.rng.random() < 0.8:
            return self.pick(NAMES_KO)
        name = self.pick(NAMES)
        return "".join(part[0] for part in name.replace(".", "").split()) if self._initials else name

    def date(self) -> str:
        """A date in the sheet's format, within three years."""
        return self.dates(1)[0]

    def dates(self, count: int) -> list[str]:
        """Dates in the sheet's format, within three years, from the earliest on."""
        return [self._written(int(day)) for day in np.sort(self.rng.integers(0, 3 * 12 * 28, count))]

    def _written(self, day: int) -> str:
        """The date of a day counted from the first of `year`, months taken as 28 days."""
        year, month, day = self.year + day // 336, day // 28 % 12 + 1, day % 28 + 1
        return (
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year % 100:02}",
            f"{day:02}-{MONTHS[month - 1]}-{year % 100:02}",
            f"{year}.{month:02}.{day:02}",
            f"{month:02}/{day:02}/{year}",
        )[self._date]

    def number(self) -> str:
        """A document number."""
        r = self.rng
        return (
            f"{self.code(2)}-{self.code(2)}-{self.code(1)}-{r.integers(100, 9999):04}-{r.integers(1, 9):03}",
            f"{r.integers(10, 99)}-PID-{r.integers(1000, 9999)}",
            f"D-{r.integers(100, 999)}-{r.integers(1000, 9999)}-{r.integers(1, 9)}",
            f"{r.integers(100000000, 999999999)}",
            f"{self.code(3)}-{r.integers(1000000, 9999999)}",
        )[int(r.integers(5))]

    def code(self, letters: int) -> str:
        """Capital letters of a discipline, area or system code."""
        return "".join("ABCDEFGHKLMNPRSTUVWX"[int(i)] for i in self.rng.integers(20, size=letters))

    def revision(self, index: int) -> str:
        """The name of the revision with this number, counted from 0."""
        return "ABCDEFGHJK"[index % 10] if self._date % 2 else str(index)
