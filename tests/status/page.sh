#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The page in headless Chromium: it shows sessions and who holds the minimum, its button kills a
# session, and the session is gone. Skipped where there is no Chromium. check-page has more.

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
dom=$(tr -d '\n' <"$work/dom")
expect "the title is that of the server" '*<title>served</title>*' "$dom"
expect "a session is shown" '*<tr data-id="1">*alice*' "$dom"
expect "what a client sent is text" '*dave &lt;b&gt;*' "$dom"
expect "it says how many there are" '*<small id="sessions-count">5 of 5</small>*' "$dom"
expect "the verdict is at the top" '*<section id="verdict" class="" aria-labelledby="verdict-title"><h2 id="verdict-title">Healthy</h2>*' \
    "$dom"
expect "what is shown is not stale" no "$(grep -q '<body class="stale' "$work/dom" && echo yes || echo no)"
expect "the holder is named" '*by the transaction of session 2 (bob,*report*' "$dom"
expect "what is drawn is said" '*<svg role="img" viewBox="*" aria-label="Sessions over the last 5 minutes: sessions 5, at most 5"*' "$dom"

# The same page, from a server of its own, that presses the buttons as a user would.
press='setTimeout(() => document.querySelector("#sessions tr[data-id=\"1\"] button.end").click(), 1500);
setTimeout(() => {
  document.body.dataset.asked = document.getElementById("ask").textContent;
  document.getElementById("token").value = "s3cret";
  document.querySelector("#ask input[value=connection]").checked = true;
  document.getElementById("ask-end").click();
}, 3000);'
curl -fsS --noproxy '*' "http://$address/" >"$work/page.html"
expect "before the first answer it is neither well nor sick" 1 \
    "$(grep -c '<section id="verdict" class="unasked"' "$work/page.html")"
sed "s|await fetch(path, {|await fetch(\"http://$address\" + path, {|" "$work/page.html" >"$work/pressing.html"
printf '<script>%s</script>\n' "$press" >>"$work/pressing.html"
timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" --no-proxy-server --disable-web-security \
    --virtual-time-budget=6000 --dump-dom "file://$work/pressing.html" >"$work/dom" 2>"$work/chromium.err" || true
expect "it asks, and says what about" '*data-asked="*What to end in session 1?*alice, 10.1.2.3:4567*it is closed.*' \
    "$(tr -d '\n' <"$work/dom")"
for ((tries = 40; tries; tries--)); do
    curl -fsS --noproxy '*' "http://$address/processlist" >"$work/list"
    grep -q alice "$work/list" || break
    sleep 0.1
done
expect "it killed the session" no "$(grep -q alice "$work/list" && echo yes || echo no)"
browse "http://$address/" >"$work/dom"
expect "which is shown no more" no "$(grep -q 'data-id="1"' "$work/dom" && echo yes || echo no)"
expect "but as an event" '*id="events-newest">*kill: connection of session 1, user alice, by *delivered<*' \
    "$(tr -d '\n' <"$work/dom")"
expect "but the others are" '*carol*' "$(cat "$work/dom")"
finish
