/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What tests let a fake gateway say: etcd's words, and answers to hand to fake_gateway_start(). */
#pragma once

#include "fake_gateway.h"

/* A header as etcd writes it, for cluster 7 at revision 50. */
#define FAKE_HEADER "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"1\",\"revision\":\"50\"}"
#define FAKE_CREATED "{\"result\":{" FAKE_HEADER ",\"created\":true}}\n"

/* A gateway that works: done is whatever it is asked, and nothing is to be read. */
void fake_work(struct fake_request *request);
/* Answers with the text that the gateway's argument points to. */
void fake_say_text(struct fake_request *request);
void fake_say_no_leader(struct fake_request *request);
/* Says nothing more, for as long as fake_linger() may take, and ends the connection. */
void fake_hang(struct fake_request *request);
