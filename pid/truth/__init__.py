"""Ground truth that recognition writes and people correct: folders of sheets, their drawings and marks."""
