# xclate J22: XCLATE is for the manager, XCLATE_1 for its children.
XCLATE='-T m.%x' XCLATE_1='-H end.%x' xclate -m sh -c 'echo t | xclate k' </dev/null
XCLATE='-T "two words"' xclate -m sh -c 'echo ${XCLATE-none} >&2; echo t | xclate k' </dev/null
