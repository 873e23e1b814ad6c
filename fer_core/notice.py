"""What this tool is not. Every page and every report says it in these words."""

from typing import Final

NOTICE_VERSION: Final = "2026-11"
"""Version of the texts below; another one whenever they change, which a test holds."""

NOT_FEELINGS: Final = "It reads the expression that a face shows, not what a person feels."
PURPOSE: Final = (
    f"{NOT_FEELINGS} Do not use it to judge people at work, in hiring or in education: inferring emotions there is "
    "prohibited in the European Union (AI Act, Article 5(1)(f)), and unsound everywhere. It is no medical device. "
    "Analyse only pictures that you have the right to use, of people who know and agree."
)
PRIVACY: Final = (
    "Pictures are read in this machine's memory, where they stay until they are cleared or the page is closed; they "
    "are never stored, and never sent to another service. A recording lies in a temporary folder while it is open, and "
    "is deleted a quarter of an hour after its page was closed. What an interrupted analysis has read waits on this "
    "machine, so that it can go on; the Video page says where, and for how long. "
    "Recordings that are given to a study wait on this machine until they are read; only numbers are kept then. The "
    "numbers of a recording include the outline of every face, which is personal data, too."
)
