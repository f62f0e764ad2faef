# xclate J9: output outside any section goes to standard error; -W moves it; -w
# puts a section there.
xclate -m sh -c 'echo stray; echo s | xclate a' </dev/null 2>err; echo ---; cat err; echo ---
xclate -m -W '>wid' sh -c 'echo stray; echo s | xclate a; echo w | xclate -w b' </dev/null; echo ---
sort wid; echo ---
xclate -m -W - sh -c 'echo stray' </dev/null 2>&1 >/dev/null
