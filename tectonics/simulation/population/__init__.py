"""The people: what they want to do and when. Pure; peers/ carries it out."""
