/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Each row of the operator's pages against the fault that it explains: every row with a sign is
 * produced, and a table that says what to do has no row without one.
 */
#include "signs.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "<!-- sign: "
#define LINES 200

/* The rows and paragraphs with signs, of all pages. */
static char *lines[LINES];
static size_t n_lines;
static const struct sign *produced;

/* Whether the row at `line` is in a table whose last column says what to do. */
static bool is_head(const char *line)
{
    const char *end = line + strlen(line), *last;

    while (end > line && (isspace((unsigned char)end[-1]) || end[-1] == '|'))
        end--;
    for (last = end; last > line && last[-1] != '|'; last--)
        ;
    return line[0] == '|' && (!strncmp(last, " what to do", 11) || !strncmp(last, " do", 3));
}

static void keep(const char *chunk)
{
    if (!strstr(chunk, MARK))
        return;
    cr_assert_lt(n_lines, LINES);
    lines[n_lines] = strdup(chunk);
    cr_assert_not_null(lines[n_lines++]);
}

static void read_page(const char *path)
{
    FILE *page = fopen(path, "r");
    char line[2048], paragraph[16384] = "";
    bool in_table = false;
    unsigned row = 0;

    cr_assert_not_null(page, "%s", path);
    while (fgets(line, sizeof(line), page)) {
        if (line[0] == '|') {
            if (!in_table && is_head(line)) {
                in_table = true;
                row = 0;
            } else if (in_table && row++ > 0) { /* the first is the rule below the head */
                cr_expect_not_null(strstr(line, MARK), "%s: no \"%sNAME -->\" in %s", path, MARK,
                                   line);
            }
            keep(line);
            continue;
        }
        in_table = false;
        if (line[0] == '\n') {
            keep(paragraph);
            paragraph[0] = '\0';
        } else if (strlen(paragraph) + strlen(line) < sizeof(paragraph)) {
            strcat(paragraph, line);
        }
    }
    keep(paragraph);
    fclose(page);
}

static void read_pages(void)
{
    const char *top = getenv("ROSTER_SRCDIR");
    char pattern[1024];
    glob_t pages;

    cr_assert_not_null(top, "run this through make");
    snprintf(pattern, sizeof(pattern), "%s/doc/*.md", top);
    cr_assert_eq(glob(pattern, 0, NULL, &pages), 0);
    for (size_t i = 0; i < pages.gl_pathc; i++)
        read_page(pages.gl_pathv[i]);
    globfree(&pages);
    cr_assert_gt(n_lines, 0, "the pages have no signs");
}

/* The next sign of a line, which may have several; NULL: no more. */
static const char *next_name(const char *at, char *name, size_t size)
{
    at = strstr(at, MARK);
    if (!at)
        return NULL;
    at += strlen(MARK);
    snprintf(name, size, "%.*s", (int)strcspn(at, " "), at);
    return at;
}

static bool has_sign(const char *line, const char *wanted)
{
    char name[64];

    while ((line = next_name(line, name, sizeof(name))))
        if (!strcmp(name, wanted))
            return true;
    return false;
}

/* What the page has between backquotes, as a pattern. */
static void pattern_of(const char *text, size_t length, char *pattern, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < length && n + 3 < size; i++) {
        bool alone = isupper((unsigned char)text[i]) &&
                     (i == 0 || !isalnum((unsigned char)text[i - 1])) &&
                     (i + 1 == length || !isalnum((unsigned char)text[i + 1]));

        if (alone || !strncmp(text + i, "...", 3)) {
            pattern[n++] = '*';
            i += alone ? 0 : 2;
        } else {
            pattern[n++] = text[i];
        }
    }
    pattern[n++] = '*';
    pattern[n] = '\0';
}

static bool line_shows(const char *line, const char *text)
{
    const char *end;
    char pattern[512];

    for (line = strchr(line, '`'); line && (end = strchr(line + 1, '`'));
         line = strchr(end + 1, '`')) {
        pattern_of(line + 1, (size_t)(end - line - 1), pattern, sizeof(pattern));
        if (fnmatch(pattern, text, 0) == 0)
            return true;
    }
    return false;
}

void shown(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (size_t i = 0; i < n_lines; i++)
        if (has_sign(lines[i], produced->name) && line_shows(lines[i], text))
            return;
    cr_expect(false, "%s: no row of that sign has \"%s\"", produced->name, text);
}

static const struct sign *find(const char *name)
{
    static const struct sign *const all[] = {signs_of_a_cluster, signs_of_a_server};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (const struct sign *sign = all[i]; sign->name; sign++)
            if (!strcmp(sign->name, name))
                return sign;
    return NULL;
}

static void produce_all(const struct sign *signs)
{
    for (; signs->name; signs++) {
        bool known = false;

        for (size_t i = 0; i < n_lines && !known; i++)
            known = has_sign(lines[i], signs->name);
        cr_expect(known, "no page explains the sign \"%s\" any more", signs->name);
        produced = signs;
        fprintf(stderr, "%s\n", signs->name);
        signs->produce();
    }
}

TestSuite(signs, .init = read_pages);

Test(signs, every_row_has_a_test)
{
    const char *at;
    char name[64];

    for (size_t i = 0; i < n_lines; i++)
        for (at = lines[i]; (at = next_name(at, name, sizeof(name)));)
            cr_expect_not_null(find(name), "nothing produces the sign \"%s\" of %s", name,
                               lines[i]);
}

Test(signs, of_a_cluster)
{
    produce_all(signs_of_a_cluster);
}

Test(signs, of_a_server)
{
    produce_all(signs_of_a_server);
}
