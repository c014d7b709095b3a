"""A stand-in for Meta's Graph API and Telegram's Bot API on loopback that holds to the platforms' rules.

For tests, for the fault run, and for people who want to see the channels without business accounts.
"""
