"""IPA connections to a home location register: USSD by GSUP, and questions about its subscribers by CTRL."""
