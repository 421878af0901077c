"""What the review page offers, in words: its tools, its tabs, its keys (which ``review/keys.js`` knows)."""

TOOLS = (
    ("select", "Select, move, resize", "V"),
    ("symbol", "Add a symbol", "B"),
    ("word", "Add lettering", "T"),
    ("line", "Add a line", "L"),
    ("connect", "Connect two symbols", "C"),
    ("split", "Split a line", "X"),
    ("alike", "Find all like this", "G"),
)
"""Name, title and key of each."""
TABS = (
    ("review", "Review"), ("bill", "Bill"), ("fields", "Fields"), ("tables", "Tables"), ("findings", "Findings"),
    ("history", "History"),
)  # fmt: skip
KEYS = (
    (("J", "↓"), "next to review"),
    (("K", "↑"), "the one before"),
    (("Enter",), "accept"),
    (("Del",), "remove"),
    (("1", "…", "6"), "it is the runner-up of that number"),
    (("E",), "change the kind"),
    (("R",), "change the tag"),
    (("F",), "find all like the selected one"),
    (("Z",), "zoom to the selected one"),
    (("0",), "the whole sheet"),
    (("+", "−"), "larger, smaller"),
    (("←", "→"), "move the sheet"),
    *(((key,), title) for _, title, key in TOOLS),
    (("Ctrl+Z",), "undo"),
    (("Ctrl+Y",), "redo"),
    (("\\",), "hide or show the panel"),
    (("Esc",), "give up, select nothing"),
    (("?",), "this list"),
)
"""Keys, and what they do."""
