"""Drives a headless Chromium over its debugging pipe (DevTools protocol).

    python3 browser.py PROFILE_FOLDER SCRIPT

SCRIPT is Python with these at hand:

    go(url)                 opens it
    await_js(expression)    waits until it is true, at most 15 s
    js(expression)          its value
    shot(file)              a picture of the whole page
    look(width, height, dark=False)
    key(name)               a key of the keyboard: "Tab", "Enter", "/"
    requests                URLs that were asked for
    complaints              what the console, exceptions and the policy said
"""
import base64
import json
import os
import select
import subprocess
import sys
import time

profile, script = sys.argv[1], sys.argv[2]
to_browser_read, to_browser = os.pipe()
from_browser, from_browser_write = os.pipe()
limit = time.monotonic() + 50
requests, complaints, waiting = [], [], {}
last_id, rest, session = 0, b"", None


def pass_pipes():
    # Chromium reads on 3 and writes on 4.
    a, b = os.dup(to_browser_read), os.dup(from_browser_write)
    os.dup2(a, 3)
    os.dup2(b, 4)


browser = subprocess.Popen(
    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
     "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
     "--disable-background-networking", "--disable-component-update",
     "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
     "--user-data-dir=" + profile, "about:blank"],
    preexec_fn=pass_pipes, close_fds=False,
    stdout=subprocess.DEVNULL, stderr=open(profile + ".log", "w"))
os.close(to_browser_read)
os.close(from_browser_write)


def take():
    global rest
    while b"\0" not in rest:
        left = limit - time.monotonic()
        if left <= 0 or not select.select([from_browser], [], [], left)[0]:
            sys.exit("the browser took too long")
        some = os.read(from_browser, 1 << 20)
        if not some:
            sys.exit("the browser has ended")
        rest += some
    message, rest = rest.split(b"\0", 1)
    message = json.loads(message)
    method, params = message.get("method"), message.get("params", {})
    if method == "Network.requestWillBeSent":
        requests.append(params["request"]["url"])
    elif method == "Runtime.exceptionThrown":
        complaints.append(json.dumps(params["exceptionDetails"]))
    elif method == "Log.entryAdded":
        complaints.append(params["entry"]["text"])
    elif "id" in message:
        waiting[message["id"]] = message


def call(method, **params):
    global last_id
    last_id += 1
    message = {"id": last_id, "method": method, "params": params}
    if session:
        message["sessionId"] = session
    os.write(to_browser, json.dumps(message).encode() + b"\0")
    number = last_id
    while number not in waiting:
        take()
    answer = waiting.pop(number)
    if "error" in answer:
        sys.exit("%s: %s" % (method, answer["error"]["message"]))
    return answer["result"]


def js(expression):
    result = call("Runtime.evaluate", expression=expression,
                  returnByValue=True, awaitPromise=True)
    if "exceptionDetails" in result:
        sys.exit("%s: %s" % (expression, result["exceptionDetails"]))
    return result["result"].get("value")


def await_js(expression):
    end = time.monotonic() + 15
    while not js("!!(" + expression + ")"):
        if time.monotonic() > end:
            print("not in 15 s: " + expression)
            print(js("document.body.innerText"))
            print(complaints)
            sys.exit(1)
        time.sleep(0.05)


def go(url):
    call("Page.navigate", url=url)
    await_js("document.readyState === 'complete'")


def look(width, height, dark=False):
    call("Emulation.setDeviceMetricsOverride", width=width, height=height,
         deviceScaleFactor=1, mobile=width < 500)
    call("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])


def shot(file):
    time.sleep(0.5)  # colours fade into each other
    size = call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"],
            "height": min(size["height"], 4000), "scale": 1}
    picture = call("Page.captureScreenshot", format="png", clip=clip,
                   captureBeyondViewport=True)
    os.makedirs(os.path.dirname(file), exist_ok=True)
    with open(file, "wb") as out:
        out.write(base64.b64decode(picture["data"]))


def key(name):
    text = {"Enter": "\r", "Tab": "", "Escape": ""}.get(name, name)
    code = {"Enter": 13, "Tab": 9, "Escape": 27}.get(name, 0)
    call("Input.dispatchKeyEvent", type="keyDown", key=name, text=text,
         windowsVirtualKeyCode=code)
    call("Input.dispatchKeyEvent", type="keyUp", key=name,
         windowsVirtualKeyCode=code)


try:
    target = call("Target.createTarget", url="about:blank")["targetId"]
    session = call("Target.attachToTarget", targetId=target,
                   flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log"):
        call(domain + ".enable")
    with open(script) as source:
        exec(compile(source.read(), script, "exec"))
finally:
    browser.terminate()
    try:
        browser.wait(5)
    except subprocess.TimeoutExpired:
        browser.kill()
        browser.wait()
