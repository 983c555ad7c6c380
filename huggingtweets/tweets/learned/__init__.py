"""From tweets to what a voice learns: cleaned, with what was said before, parted in learned and held out."""
