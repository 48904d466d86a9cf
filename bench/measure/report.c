/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report: what is printed where. See report.h.
 */
#include "report.h"

#include "complain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct report {
    const struct options *options;
    struct machine machine;
    FILE *text; /* NULL: none */
    struct row *rows;
    size_t n_rows;
};

static void processor_name(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof(line), file)) {
        const char *value = strchr(line, ':');

        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        snprintf(name, size, "%s", value + 2);
        name[strcspn(name, "\n")] = '\0';
        break;
    }
    if (file)
        fclose(file);
}

void machine_get(struct machine *machine, size_t processors)
{
    struct utsname system;

    processor_name(machine->processor, sizeof(machine->processor));
    machine->processors = processors;
    uname(&system);
    snprintf(machine->system, sizeof(machine->system), "%s %s %s", system.sysname, system.release,
             system.machine);
#ifdef __clang__
    snprintf(machine->compiler, sizeof(machine->compiler), "clang %s", __clang_version__);
#else
    snprintf(machine->compiler, sizeof(machine->compiler), "gcc %s", __VERSION__);
#endif
}

uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128] = "";
    char *end = line;

    if (!file)
        return 0;
    if (fgets(line, sizeof(line), file))
        strtoull(line, &end, 10); /* all that is mapped */
    fclose(file);
    return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct report *report_create(const struct options *options, size_t processors)
{
    struct report *report = must_have(calloc(1, sizeof(*report)));

    report->options = options;
    if (!options->json || strcmp(options->json, "-") != 0)
        report->text = stdout;
    machine_get(&report->machine, processors);
    if (report->text)
        report_text_head(report->text, options, &report->machine);
    return report;
}

void report_destroy(struct report *report)
{
    free(report->rows);
    free(report);
}

void report_row(struct report *report, const struct row *row)
{
    report->rows = must_have(realloc(report->rows, (report->n_rows + 1) * sizeof(*row)));
    report->rows[report->n_rows++] = *row;
    if (report->text) {
        report_text_row(report->text, row);
        fflush(report->text);
    }
}

static int write_json(const struct report *report)
{
    bool to_stdout = strcmp(report->options->json, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(report->options->json, "w");
    int err = 0;

    if (!out)
        return -errno;
    report_json(out, report->options, &report->machine, report->rows, report->n_rows);
    if (fflush(out) || ferror(out))
        err = -(errno ? errno : EIO);
    if (!to_stdout && fclose(out) && !err)
        err = -errno;
    return err;
}

int report_end(struct report *report)
{
    int err = 0;

    if (report->text) {
        report_text_table(report->text, report->rows, report->n_rows);
        if (fflush(report->text) || ferror(report->text))
            err = -(errno ? errno : EIO);
    }
    if (!err && report->options->json)
        err = write_json(report);
    return err;
}
