# xclate J6: escapes in titles. An unknown one is kept.
V=val xclate -m -T '%%,%x,%s,%0,%{V},%' sh -c 'echo | xclate k' </dev/null
xclate -m -T 'a%yb' sh -c 'echo t | xclate k' </dev/null
xclate -m -T '<%{NOVAR}>' sh -c 'echo t | xclate k' </dev/null
xclate -m sh -c 'echo t | xclate -a @ -T "@x 100%" k' </dev/null
