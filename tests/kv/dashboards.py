# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
"""dashboards.py DASHBOARD MISSING: asks the Prometheus at $ROSTER_WEB every query of a Grafana dashboard.

Writes those without data to MISSING, and rules that could not be evaluated. Succeeds when there are
none and the server that does not exist is about to be alerted.
"""

import json
import os
import sys
import urllib.parse
import urllib.request


def get(path, **arguments):
    url = "http://" + os.environ["ROSTER_WEB"] + "/api/v1/" + path
    if arguments:
        url += "?" + urllib.parse.urlencode(arguments)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return {"result": [], "error": error.read().decode()}


def queries(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        dashboard = json.load(file)
    missing = []
    variable = dashboard["templating"]["list"][1]["query"]["query"]
    metric = variable.removeprefix("label_values(").split(",")[0]
    if not get("query", query=metric)["result"]:
        missing.append(f"the variable's {metric}")
    asked = 0
    for title, expr in queries(dashboard):
        query = expr.replace("$instance", ".*").replace("$__rate_interval", "1m")
        data = get("query", query=query)
        asked += 1
        if not data["result"]:
            missing.append(f"{title}: {query}: {data.get('error', 'no data')}")
    groups = get("rules").get("groups", [])
    rules = [rule for group in groups for rule in group["rules"]]
    missing += [f"rule {rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] != "ok"]
    states = {rule["name"]: rule["state"] for rule in rules}
    if states.get("RosterDown") not in ("pending", "firing"):
        missing.append(f"RosterDown is {states.get('RosterDown')} for a server that is not there")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in missing)
    return not asked or bool(missing)


sys.exit(main())
