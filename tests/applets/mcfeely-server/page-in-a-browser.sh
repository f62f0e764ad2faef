# The page in a real browser: a job is handed in, the page shows it running and
# then done, without being loaded again; what a job says stays text; nobody else
# is asked for anything. The pictures are kept in build/PROFILE/pictures.
. "$TESTS/mcfeely.sh"
command -v chromium >/dev/null ||
  skip 'there is no chromium; make browser installs it and runs this'
pictures=${BIN%/*}/pictures
CONFIG='http 127.0.0.1:0'
fleet ns1 www3 mx1
url=$(sed -n 's/.*address=\(http[^ ]*\).*/\1/p' serve.1.log)
for host in ns1 www3 mx1; do
  comm $host ok </dev/null
  comm $host slow <<'X'
echo "<b>bold</b> & \"quoted\" $MCFEELY_TASK"
while [ ! -e "$MCFEELY_COMM_DIR/../go" ]; do sleep 0.05; done
X
done
comm www3 bad <<'X'
echo "no such site: <img src=x onerror=alert(1)>"; exit 1
X
cat >virtual.job <<'X'
description "virtual domain <script>document.title='taken'</script> \"example.org\""
task zone ns1 ok
task nshup ns1 slow
task web www3 slow '<img src=x onerror=alert(1)>' "it's"
task stats www3 ok
task logs www3 ok
task wwwhup www3 ok
task check mx1 ok
task tell mx1 ok
group httpd web stats logs
require nshup zone
require httpd zone
require wwwhup httpd
require check wwwhup
require tell nshup wwwhup check
X
cat >script.py <<X
import subprocess
look(1280, 860)
go("$url")
await_js("document.getElementById('live').textContent === 'live'")
await_js("document.getElementById('none').textContent.includes('no job')")
print(subprocess.run(["mcfeely-inject", "-f", "virtual.job"],
                     capture_output=True, text=True).stdout.strip())
await_js("document.querySelector('#jobs a')")
print("the list:", js("document.querySelector('#jobs .user').textContent"))
js("document.querySelector('#jobs a').click()")
state = "document.querySelector('#content .pill').textContent"
boxes = "document.querySelectorAll('svg .task.s-%s').length"
await_js(boxes % "running" + " === 2")
print("running:", js(state), js(boxes % "done"), "done,",
      js(boxes % "waiting"), "waiting")
shot("$pictures/running-light.png")
look(1280, 860, dark=True)
shot("$pictures/running-dark.png")
look(390, 800)
shot("$pictures/running-phone.png")
look(1280, 860)
open("go", "w").close()
await_js(state + " === 'done'")
print("done:", js(boxes % "done"), "of", js("document.querySelectorAll('svg .task').length"))
print("lines drawn:", js("document.querySelectorAll('.edge').length"))
print("tries drawn:", js("document.querySelectorAll('.attempt.s-done').length"))
shot("$pictures/done.png")
# By keyboard alone: to a task in the graph, into it, and back.
js("document.querySelector('svg a[data-key=\"box web\"]').focus()")
key("Enter")
await_js("document.querySelector('#task pre')")
print("output:", js("document.querySelector('#task pre').textContent.trim()"))
print("command:", js("document.querySelector('#task code').textContent"))
shot("$pictures/task.png")
key("Escape")
await_js("!document.querySelector('#task')")
key("/")
print("focus:", js("document.activeElement.id"))
subprocess.run(["mcfeely-inject", "-q", "-d", "the other job", "-e",
                "task broken www3 bad", "-e", "task next mx1 ok",
                "-e", "require next broken"])
await_js("document.querySelectorAll('#jobs li').length === 2")
for letter in "OTHER":
    key(letter)
await_js("document.querySelectorAll('#jobs li').length === 1")
print("found:", js("document.querySelector('#jobs .user').textContent"))
js("location.hash = '#/job/2/task/broken'")
await_js(state + " === 'failed' && document.querySelector('#task pre')")
print("failed:", js(boxes % "failed"), "skipped:", js(boxes % "skipped"))
print("output:", js("document.querySelector('#task pre').textContent.trim()"))
shot("$pictures/failed.png")
js("document.getElementById('search').value = ''")
js("location.hash = '#/hosts'")
await_js("document.querySelectorAll('#content tbody tr').length === 3")
shot("$pictures/hosts.png")
print("hosts:", js("document.querySelector('#content p').textContent"))
print("title:", js("document.title"))
print("markup of jobs:", js("document.querySelectorAll('img, b + b, #content script').length"))
print("asked of others:", [r for r in requests if not r.startswith("$url") and not r.startswith("data:")])
print("complaints:", complaints)
X
python3 "$TESTS/browser.py" "$PWD/profile" script.py
