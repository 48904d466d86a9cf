/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The text of metrics. See metrics.h.
 */
#include "status/metrics.h"

#include "core/base/utf8.h"

#include <inttypes.h>
#include <string.h>

void rst_metric_family(struct out *out, const char *name, const char *type, const char *help)
{
    const char *suffix = !strcmp(type, "counter") && !out->open_metrics ? "_total" : "";
    const char *unit = strrchr(name, '_');

    rst_status_text_printf(out->text, "# HELP %s%s %s\n", name, suffix, help);
    rst_status_text_printf(out->text, "# TYPE %s%s %s\n", name, suffix, type);
    if (out->open_metrics && unit && (!strcmp(unit, "_bytes") || !strcmp(unit, "_seconds")))
        rst_status_text_printf(out->text, "# UNIT %s %s\n", name, unit + 1);
}

void rst_metric_gauge(struct out *out, const char *name, const char *help, uint64_t value)
{
    rst_metric_family(out, name, "gauge", help);
    rst_status_text_printf(out->text, "%s %" PRIu64 "\n", name, value);
}

void rst_metric_gauge_seconds(struct out *out, const char *name, const char *help, int64_t ns)
{
    rst_metric_family(out, name, "gauge", help);
    rst_status_text_printf(out->text, "%s ", name);
    rst_status_text_seconds(out->text, ns);
    rst_status_text_put(out->text, "\n");
}

void rst_metric_counter(struct out *out, const char *name, const char *help, uint64_t value)
{
    rst_metric_family(out, name, "counter", help);
    rst_status_text_printf(out->text, "%s_total %" PRIu64 "\n", name, value);
}

/* What a label shows of a value: enough for every name that Roster makes itself. */
#define LABEL_MOST 128

/* Text format and OpenMetrics escape the same three; what is no character, or steers a display, is
 * replaced, and not by U+FFFD, which PromQL takes for an error. */
void rst_metric_value(struct out *out, const char *value)
{
    size_t left = strnlen(value, LABEL_MOST), length;
    struct text *text = out->text;
    uint32_t point;

    while (left) {
        length = rst_utf8_next(value, left, &point);
        if (point == '\n')
            rst_status_text_put(text, "\\n");
        else if (!length || rst_utf8_steers(point))
            rst_status_text_put(text, "?");
        else {
            if (point == '"' || point == '\\')
                rst_status_text_put(text, "\\");
            rst_status_text_add(text, value, length);
        }
        length = length ? length : 1;
        value += length;
        left -= length;
    }
    rst_status_text_put(text, "\"");
}

void rst_metric_labelled(struct out *out, const char *name, const char *label, const char *value)
{
    rst_status_text_printf(out->text, "%s{%s=\"", name, label);
    rst_metric_value(out, value);
}
