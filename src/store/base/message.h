/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Messages: lines for logs, and texts of errors. What they name may come from a store, a server or
 * a user, so each goes through roster_text_show() here; a URL is given as shown_url() has it.
 */
#ifndef ROSTER_STORE_BASE_MESSAGE_H
#define ROSTER_STORE_BASE_MESSAGE_H

#include <roster/store.h>
#include <roster/text.h>
#include <stdarg.h>

/* Bytes of the longest message with its final zero; longer ones are cut. */
#define MESSAGE_SIZE 512

/* A URL without secrets, for a message. */
struct shown_url {
    char text[256];
};

static inline struct shown_url shown_url(const char *url)
{
    struct shown_url shown = {.text = ""};

    roster_text_redact(url, shown.text, sizeof(shown.text));
    return shown;
}

__attribute__((format(printf, 3, 0))) void rst_message_format(char *to, size_t size,
                                                              const char *format, va_list args);

#endif
