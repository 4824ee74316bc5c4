"""The settings of a server, with the simulator in WeChat's place, and views that break.

SHOP_ENV is production, so logs, cookies and redirects are a server's.
"""

from shop.settings import *  # noqa: F403

# The start would refuse the simulator; it looks after the settings are read.
IS_DEVELOPMENT = True
ROOT_URLCONF = "shop.tests.broken_urls"
