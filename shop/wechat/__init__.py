"""HTTP to WeChat: the mini-program's server API and WeChat Pay. No models here."""
