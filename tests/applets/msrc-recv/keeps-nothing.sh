# --no-cache: no list, no hashes; --require-signed without a trust file.
export HOME="$PWD"
cp "$TESTS/fixtures/bundles/good" web1.bundle
msrc-recv --no-cache --apply web1.bundle
ls -A | grep -v web1.bundle
# An executable that was brought here is checked against its name, and goes.
name=recv-$(printf %064d 0)
cp "$(command -v fleetbox)" "$name"
"./$name" msrc-recv --apply web1.bundle 2>&1 | sed 's,.*/recv,recv,'
ls "$name" 2>/dev/null
name=recv-$(b2sum -l 256 "$(command -v fleetbox)" | cut -d' ' -f1)
cp "$(command -v fleetbox)" "$name"
"./$name" msrc-recv --apply web1.bundle
"./$name" msrc-recv --no-cache --apply web1.bundle
ls recv-* | grep -v seen | wc -l
# One that was brought for this run alone goes with it.
mv "$name" "$name.web1.77"
"./$name.web1.77" msrc-recv --no-cache --apply web1.bundle
ls recv-* | grep -v seen | wc -l
