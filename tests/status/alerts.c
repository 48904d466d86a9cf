/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A server's metrics as the input of "promtool test rules": each sample stays for five minutes at
 * what it was before, then for an hour at what it is.
 */

#include "alerts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *before;
static bool missing; /* promtool */

void alerts_before(const struct fixture *from)
{
    struct reply reply = ask(from, NULL, "/metrics", NULL);

    cr_assert_eq(reply.status, 200);
    free(before);
    before = reply.body;
}

/* The value that a series had before; what it has now if it was not there. */
static const char *value_before(const char *series, size_t length, const char *now)
{
    const char *line = before;

    for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, series, length) && line[length] == ' ')
            return line + length + 1;
    return now;
}

/* One line of the text format; quotes of YAML's are doubled. */
static void put_series(FILE *file, const char *line)
{
    const char *value = strrchr(line, ' ') + 1, *at = value_before(line, value - line - 1, value);
    size_t n, length = (size_t)(value - line - 1);
    bool labelled = line[length - 1] == '}';

    fputs("      - series: '", file);
    for (n = 0; n < length - labelled; n++) {
        fputc(line[n], file);
        if (line[n] == '\'')
            fputc('\'', file);
    }
    fprintf(file, "%sjob=\"roster\",instance=\"server\"}'\n        values: '%.*s+0x9 %s+0x120'\n",
            labelled ? "," : "{", (int)strcspn(at, "\n"), at, value);
}

static void put_test(FILE *file, const char *rules, char *metrics, const char *alert)
{
    char *line, *rest = NULL;

    fprintf(file,
            "rule_files: [%s/alerts.yml]\nevaluation_interval: 30s\ntests:\n  - interval: 30s\n"
            "    input_series:\n",
            rules);
    for (line = strtok_r(metrics, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        if (*line != '#')
            put_series(file, line);
    fprintf(file,
            "    promql_expr_test:\n"
            "      - expr: max by (alertname) (max_over_time(ALERTS{alertstate=\"firing\"}[1h]))\n"
            "        eval_time: 1h\n        exp_samples:%s\n",
            alert ? "" : " []");
    if (alert)
        fprintf(file, "          - {labels: '{alertname=\"%s\"}', value: 1}\n", alert);
}

static void run(const char *work)
{
    char command[4096], line[1024];
    FILE *said;

    snprintf(command, sizeof(command), "cd %s && promtool test rules test.yml 2>&1", work);
    said = popen(command, "r");
    cr_assert(said);
    while (fgets(line, sizeof(line), said))
        if (!strstr(line, "Unit Testing") && !strstr(line, "SUCCESS"))
            fprintf(stderr, "%s", line);
    cr_expect_eq(pclose(said), 0, "promtool disagrees: %s", work);
}

void expect_alert(const struct fixture *from, const char *alert)
{
    const char *sources = getenv("ROSTER_SRCDIR"), *temporary = getenv("TMPDIR");
    char work[2048], rules[2048], path[4096];
    struct reply reply;
    FILE *file;

    if (system("command -v promtool >/dev/null 2>&1")) {
        missing = true;
        return;
    }
    reply = ask(from, NULL, "/metrics", NULL);
    cr_assert_eq(reply.status, 200);
    cr_assert(sources, "ROSTER_SRCDIR is not set");
    snprintf(rules, sizeof(rules), "%s/share/prometheus", sources);
    snprintf(work, sizeof(work), "%s/roster-alerts.XXXXXX", temporary ? temporary : "/tmp");
    cr_assert(mkdtemp(work));
    snprintf(path, sizeof(path), "%s/test.yml", work);
    file = fopen(path, "w");
    cr_assert(file);
    put_test(file, rules, reply.body, alert);
    cr_assert_eq(fclose(file), 0);
    reply_free(&reply);
    run(work);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(rmdir(work), 0);
}

void alerts_done(void)
{
    if (missing)
        cr_skip_test("promtool is missing: install prometheus; all but the alerts was tested");
}
