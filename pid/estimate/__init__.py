"""From drawing to bill of materials."""
