/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/base/message.h"

void rst_message_format(char *to, size_t size, const char *format, va_list args)
{
    char raw[MESSAGE_SIZE];

    vsnprintf(raw, sizeof(raw), format, args);
    roster_text_show(raw, strlen(raw), to, size);
}
