/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the MariaDB plugin reads in a statement, and in what the server says of a client. Nothing
 * behind the text is read, what it finds is inside of it, and a masked text that is cut is the
 * beginning of the whole one.
 */
#include "fuzz.h"
#include "mariadb/text.h"

#include <string.h>

static void check_inside(struct rst_mdb_text part, struct rst_mdb_text whole)
{
    fuzz_require(!part.text || (part.text >= whole.text && part.length <= whole.length &&
                                part.text + part.length <= whole.text + whole.length),
                 "a part outside of the text");
}

static void check_account(struct rst_mdb_text text)
{
    struct rst_mdb_text user = {NULL, 0}, host = {NULL, 0};

    if (!rst_mdb_account(text, &user, &host))
        return;
    check_inside(user, text);
    check_inside(host, text);
}

static void check_mask(struct rst_mdb_text text, size_t room)
{
    char *whole = malloc(text.length + 1), *cut = malloc(room ? room : 1);
    size_t length, cut_length;

    if (whole && cut) {
        length = rst_mdb_mask(text, whole, text.length);
        cut_length = rst_mdb_mask(text, cut, room);
        fuzz_require(length <= text.length && cut_length <= room, "more than there is room for");
        fuzz_require(cut_length == (room < length ? room : length) || room > text.length,
                     "%zu of %zu bytes", cut_length, length);
        fuzz_require(room > text.length || !memcmp(whole, cut, cut_length), "another beginning");
    }
    free(whole);
    free(cut);
}

static void check_password(struct rst_mdb_text text)
{
    size_t end = rst_mdb_password(text);
    struct rst_mdb_text before = {text.text, end}, behind = {text.text + end, text.length - end};

    fuzz_require(end <= text.length, "a password behind the text");
    fuzz_require(rst_mdb_password(before) == end, "none where it was found");
    fuzz_require(rst_mdb_password(behind) == 0, "not the last one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = size ? size - 1 : 0;
    char *copy = malloc(length ? length : 1); /* without a byte behind it */
    struct rst_mdb_text text = {copy, length};

    if (!copy || !size) {
        free(copy);
        return 0;
    }
    memcpy(copy, data + 1, length);
    check_account(text);
    check_mask(text, data[0]);
    check_password(text);
    check_inside(rst_mdb_rest(text, data[0]), text);
    fuzz_require(!rst_mdb_is_commit(text) || rst_mdb_ends_txn(text), "COMMIT ends nothing");
    (void)rst_mdb_has_placeholder(text);
    (void)rst_mdb_has_variables(text);
    free(copy);
    return 0;
}
