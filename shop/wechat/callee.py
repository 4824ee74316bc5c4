"""How much of a process may wait for WeChat."""

from shop.calls.calling import Callee
from shop.wechat.errors import WeChatUnavailable

# Calls of requests at a time in a process: half of its threads at most. The rest
# serve on while WeChat hangs, which nobody knows before the first calls have failed.
REQUEST_CALLS_MAX = 4
WECHAT = Callee("WeChat", calls_max=REQUEST_CALLS_MAX, unavailable=WeChatUnavailable)
