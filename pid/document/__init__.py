"""The page as a document: load it, read its words."""
