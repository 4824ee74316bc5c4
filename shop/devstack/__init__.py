"""The whole shop on one machine: embedded servers, programs and a simulated WeChat."""
