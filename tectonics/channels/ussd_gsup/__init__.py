"""USSD as an External USSD Entity of OsmoHLR: sessions over GSUP become dialogues. docs/ussd-gsup.md is the manual."""
