"""WeChat on loopback: login, phone numbers and Pay v3 over real HTTP.

It is written from WeChat's published protocol alone and shares no code with the
shop's gateway, so that each checks the other. README.md has the details.
"""
