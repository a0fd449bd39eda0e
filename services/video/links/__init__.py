"""Reads what an anonymous visitor sees of a shared post: public pages and the public JSON these pages ask for.

No cookie, account, device token or signature is made up, no captcha is solved, and no interface of an app is used to
get around a gate. Where a platform demands one of them, the answer is that the post is gated.
"""
