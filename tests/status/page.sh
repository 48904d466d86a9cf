#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The page in headless Chromium: it shows sessions and who holds the minimum, its button kills a
# session, and the session is gone. Skipped where there is no Chromium.

# shellcheck source=tests/status/served.sh
. "$ROSTER_SRCDIR/tests/status/served.sh"

if ! command -v chromium >/dev/null || ! command -v curl >/dev/null; then
    echo "chromium or curl is not there"
    exit 77
fi

# browse URL: the document after some seconds.
browse() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$work/profile" --no-proxy-server --virtual-time-budget=4000 \
        --dump-dom "$1" 2>"$work/chromium.err" || {
        tail -n 5 "$work/chromium.err"
        echo "chromium does not run here"
        exit 77
    }
}

serve 127.0.0.1:0 s3cret
browse "http://$address/" >"$work/dom"
expect "the title is that of the server" '*<title>served</title>*' "$(cat "$work/dom")"
expect "a session is shown" '*<tr data-id="1">*alice*' "$(tr -d '\n' <"$work/dom")"
expect "what a client sent is text" '*dave &lt;b&gt;*' "$(cat "$work/dom")"
expect "it says how many there are" '*<span id="sessions-count">5 of 5</span>*' "$(cat "$work/dom")"
expect "the verdict is at the top" '*<div id="verdict" role="status" class=""><div><b title="healthy">healthy</b>*' \
    "$(cat "$work/dom")"
expect "what is shown is not stale" no "$(grep -q '<body class="stale' "$work/dom" && echo yes || echo no)"
expect "the holder is named" '*by the transaction of session 2 report, bob*' "$(cat "$work/dom")"
expect "the age is drawn" '*<polyline id="line" points="*,*' "$(cat "$work/dom")"
expect "without a token there are no buttons" no \
    "$(grep -q '<button>kill' "$work/dom" && echo yes || echo no)"

# The same page, from a server of its own, that presses the button as a user would.
press='window.confirm = (text) => { document.body.dataset.asked = text; return true; };
setTimeout(() => { document.getElementById("secret").value = "s3cret"; }, 500);
setTimeout(() => [...document.querySelectorAll("tr[data-id=\"1\"] button")].pop().click(), 2500);'
curl -fsS --noproxy '*' "http://$address/" >"$work/page.html"
sed "s|fetch(path, {|fetch(\"http://$address\" + path, {|" "$work/page.html" >"$work/pressing.html"
printf '<script>%s</script>\n' "$press" >>"$work/pressing.html"
timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" --no-proxy-server --disable-web-security \
    --virtual-time-budget=6000 --dump-dom "file://$work/pressing.html" >"$work/dom" 2>"$work/chromium.err" || true
expect "it asks, and says what about" '*End the connection of session 1 (alice*' "$(cat "$work/dom")"
expect "the button is there with a token" yes \
    "$(grep -q '<button>kill' "$work/dom" && echo yes || echo no)"
for ((tries = 40; tries; tries--)); do
    curl -fsS --noproxy '*' "http://$address/processlist" >"$work/list"
    grep -q alice "$work/list" || break
    sleep 0.1
done
expect "it killed the session" no "$(grep -q alice "$work/list" && echo yes || echo no)"
browse "http://$address/" >"$work/dom"
expect "which is shown no more" no "$(grep -q alice "$work/dom" && echo yes || echo no)"
expect "but the others are" '*carol*' "$(cat "$work/dom")"
finish
