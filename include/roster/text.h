/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Text from elsewhere, made fit for logs, terminals and messages.
 *
 * Keys in a store, names of clients and statements may hold anything: a newline forges a line of a
 * log, an escape sequence or a bidirectional override changes what a terminal shows, and a URL with
 * a mistake in it may hold a password. Roster's own log lines and error texts have gone through
 * these functions; what its structs hand over (names, statements, keys) is as it was given.
 *
 * Both may be called from any thread, keep nothing, and never fail.
 */
#ifndef ROSTER_TEXT_H
#define ROSTER_TEXT_H

#include <stddef.h>

#include <roster/export.h>

ROSTER_BEGIN_DECLS

/*
 * Copies text as it may be shown: one line of valid UTF-8 that steers nothing.
 *
 * A newline or tab becomes a space. Every other control character (C0, DEL, C1), line separator,
 * invisible or bidirectional formatting character, and every byte that is no UTF-8 becomes '?'. The
 * result is never longer than the text.
 *
 * `text`: what to show (NULL is empty); `length`: its bytes, zeros included; `to`: receives the
 * result with a final zero, cut between characters (may be `text`); `size`: bytes at `to` (with 0
 * nothing is written).
 * Returns bytes of the result, without the zero.
 */
ROSTER_API size_t roster_text_show(const char *text, size_t length, char *to, size_t size);

/*
 * Copies a URL, or what was meant to be one, without what may be secret, as roster_text_show()
 * does.
 *
 * Everything before the last '@' (or "%40") that may be a user and password becomes "***", and so
 * does what follows a '?' or '#'. It need not be a valid URL: where a password has begun is not
 * certain then, and rather too much is left out.
 *
 * `url`: the URL (NULL is empty); `to`: receives the result with a final zero, cut between
 * characters where it does not fit; `size`: bytes at `to` (with 0 nothing is written).
 * Returns bytes of the result, without the zero.
 */
ROSTER_API size_t roster_text_redact(const char *url, char *to, size_t size);

ROSTER_END_DECLS

#endif
