# fleetbox: one static executable, many commands.
#
#   make            build build/release/fleetbox
#   make demo       install what is missing, build, run a first job
#   make check      install what is missing, build, run every test and lint
#   make unit | blackbox | lint       the parts of check
#   make accept T=hxmd/merge          write a black-box test's text anew
#   make asan | tsan | fuzz | bench   heavier checks
#   make browser    the page of mcfeely-server in Chromium
#   make check-boot isinit as process 1 of an emulated machine
#   make soak | bench-fanout | bench-hosts | bench-mcfeely | bench-isinit |
#        bench-power                  the heaviest; xapply's, hxmd's,
#                                     McFeely's, isinit's and pcu-reboot's peers
#   make install PREFIX=/usr/local    the executable, links, manual pages and
#                                     shell completion
#   make links DIR=...                a link for each command
#   make clean
#
# Variables: PROFILE=release|debug|asan|tsan|fuzz, BUILD=build, V=1 shows
# commands, ROOMS="base sys" and APPLETS="m4 hxmd" build only those.

comma := ,
PROFILE ?= release
BUILD ?= build
B := $(BUILD)/$(PROFILE)
PREFIX ?= /usr/local
V ?= 0
Q := $(if $(filter 0,$(V)),@)
MAKEFLAGS += -r --no-print-directory
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 0.1
ROOMS ?= $(patsubst src/%/,%,$(sort $(wildcard src/*/)))
APPLETS ?= $(sort $(basename $(notdir $(wildcard applets/*.cc))))

CCACHE := $(shell command -v ccache 2>/dev/null)
export CCACHE_NOHASHDIR := 1
CXX_release := g++
CXX_debug := g++
CXX_asan := g++
CXX_tsan := g++
CXX_fuzz := clang++-14
FLAGS_release := -Os -DNDEBUG -ffunction-sections -fdata-sections -fPIE \
  -fno-ipa-sra
FLAGS_debug := -O0 -g1 -D_GLIBCXX_ASSERTIONS
FLAGS_asan := -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined \
  -Wno-maybe-uninitialized \
  -fno-sanitize=null,alignment,object-size,vptr -fno-sanitize-recover=undefined
FLAGS_tsan := -O1 -g1 -fsanitize=thread -Wno-maybe-uninitialized
FLAGS_fuzz := -O1 -g1 -fsanitize=fuzzer-no-link,address,undefined \
  -fno-sanitize=vptr
# Text and constants in one segment, and what every start runs side by side in
# it (src/start.order, made by tests/bench/start-order): fewer pages to map.
LINK_release := -static-pie -fuse-ld=lld -Wl,--gc-sections \
  -Wl,--pack-dyn-relocs=relr -Wl,--no-rosegment \
  -Wl,--symbol-ordering-file=src/start.order -Wl,--no-warn-symbol-ordering \
  $(if $(filter x86_64,$(shell uname -m)),-Wl$(comma)-e$(comma)fleetbox_start)
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_fuzz := -fsanitize=address,undefined
CXX := $(CXX_$(PROFILE))
CXXFLAGS := -std=c++20 -Wall -Wextra -Werror -DCXXOPTS_NO_REGEX \
  -DFLEETBOX_VERSION='"$(VERSION)"' -iquote src -iquote $(B)/gen \
  -iquote $(B) -ffile-prefix-map=$(CURDIR)=. $(FLAGS_$(PROFILE))
LESS := $(B)/less/libzstd.a $(B)/less/libsqlite3.a
# A recipe's glob, not make's: the packages may be installed by this very run.
LIBS = -Wl,--start-group /usr/lib/*-linux-gnu/libabsl_*.a -lprotobuf-lite \
  $(B)/src/left_out.o $(LESS) -lsodium -lhttp_parser -lmbedtls -lmbedx509 -lmbedcrypto -Wl,--end-group -lpthread -ldl

ROOM_SRC := $(foreach r,$(ROOMS),$(wildcard src/$r/*.cc))
UNIT_SRC := $(foreach r,$(ROOMS),$(wildcard tests/unit/$r/*.cc))
BENCH_SRC := $(wildcard tests/bench/*.cc)
FUZZ := $(basename $(notdir $(wildcard tests/fuzz/*.cc)))
PROTO := $(if $(filter wire,$(ROOMS)),$(B)/gen/wire/messages.pb)
DEVICES := $(if $(filter power,$(ROOMS)),$(B)/gen/power/device_files)
ROOM_OBJ := $(ROOM_SRC:%.cc=$(B)/%.o) $(PROTO:%=%.o) $(DEVICES:%=%.o)
APPLET_OBJ := $(APPLETS:%=$(B)/applets/%.o)
UNIT_OBJ := $(UNIT_SRC:%.cc=$(B)/%.o)
# Models of devices: of the unit tests and of the programs that serve them.
FAKES := bmc outlets vpcd web
MODEL_OBJ := $(patsubst %.cc,$(B)/%.o,$(filter-out $(FAKES:%=tests/fakes/%.cc),$(wildcard tests/fakes/*.cc)))
BIN := $(B)/fleetbox

all: $(BIN)

# --- packages ---------------------------------------------------------------
# $(BUILD)/packages-PURPOSE says that they are there.
$(BUILD)/packages-%: third_party/packages third_party/install-packages
	@mkdir -p $(@D)
	@third_party/install-packages $*
	@touch $@
# One after the other: apt-get has a lock.
$(BUILD)/packages-test $(BUILD)/packages-fuzz: $(BUILD)/packages-build

# --- compiling and linking --------------------------------------------------
SAY = @printf '%-8s %s\n'
$(B)/%.o: %.cc Makefile | $(BUILD)/packages-build $(PROTO:%=%.h) $(B)/applets.inc
	$(if $(Q),$(SAY) CXX $<)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# It includes the page as it is, which the compiler does not say.
$(B)/src/mcfeely/page_text.o: src/mcfeely/page.html

$(B)/gen/%.pb.h $(B)/gen/%.pb.cc: src/%.proto | $(BUILD)/packages-build
	@mkdir -p $(B)/gen
	$(Q)protoc -Isrc --cpp_out=$(B)/gen $<
$(B)/gen/%.pb.o: $(B)/gen/%.pb.cc Makefile
	$(Q)$(CCACHE) $(CXX) $(CXXFLAGS) -w -MMD -MP -c -o $@ $<

# The device files, each as a string, so that the executable needs no others.
DEVICE_FILES := $(sort $(wildcard src/power/devices/*))
$(B)/gen/power/device_files.cc: $(DEVICE_FILES) Makefile
	@mkdir -p $(@D)
	$(Q){ echo '#include "power/device_library.h"'; \
	  echo 'namespace power {'; \
	  echo 'const BuiltInFile kBuiltInFiles[] = {'; \
	  for f in $(DEVICE_FILES); do \
	    printf '{"%s", R"device(' "$${f##*/}"; cat "$$f"; echo ')device"},'; \
	  done; \
	  echo '};'; \
	  echo 'const size_t kBuiltInFileCount = $(words $(DEVICE_FILES));'; \
	  echo '}  // namespace power'; } >$@
$(B)/gen/power/device_files.o: $(B)/gen/power/device_files.cc Makefile | $(BUILD)/packages-build
	$(if $(Q),$(SAY) CXX $<)
	$(Q)$(CCACHE) $(CXX) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(B)/applets.inc: FORCE        # rewritten only when the list changes
	@mkdir -p $(@D)
	@printf '%s' '$(foreach a,$(sort $(APPLETS)),APPLET("$a", applet_$(subst -,_,$a))|)' | tr '|' '\n' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# An executable with McFeely's core alone, for `make bench`.
FEW := fleetbox-key fleetbox-parcel fleetbox-store mcfeely-agent mcfeely-inject mcfeely-server
$(B)/few/main.o: src/main.cc Makefile | $(BUILD)/packages-build
	@mkdir -p $(@D)
	@printf '%s' '$(foreach a,$(FEW),APPLET("$a", applet_$(subst -,_,$a))|)' | tr '|' '\n' >$(@D)/applets.inc
	$(Q)$(CCACHE) $(CXX) -iquote $(@D) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# Nothing of ours throws, and nothing catches but cli/args.cc: so nobody else
# needs tables of what to clean up (0.3 MB). Nothing asks for a type when it runs
# (30 kB, 900 pointers). <absl/status/status.h> includes <iostream>; its guard
# keeps each file from making std::cout before main.
$(filter-out $(B)/src/cli/args.o,$(ROOM_OBJ) $(APPLET_OBJ)): CXXFLAGS += \
  -fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables -D_GLIBCXX_IOSTREAM

# All that a question to a thousand plugs passes through, on its way there and
# back: half the time of -Os. (GCC 12 warns of what it has inlined itself.)
$(patsubst %,$(B)/src/power/%.o,campaign campaign_plan campaign_run dialogue \
  dialogue_batch dialogue_controller dialogue_link host_operation match_buffer \
  pcu_queue pcu_sessions powerman_protocol powerman_server script_runner \
  service_plan service_run session): CXXFLAGS += $(if $(filter release,$(PROFILE)),-O2 \
  -Wno-maybe-uninitialized -Wno-restrict)

# Made anew each time: two rooms may hold files of the same name, and an
# object of a file that is gone must not linger.
$(B)/rooms.a: $(ROOM_OBJ) $(LESS)
	@rm -f $@ && ar qcsP $@ $(filter %.o,$^) 2>/dev/null

# Debian's archives without what src/left_out.cc stands in for.
$(B)/less/%.a: $(B)/src/left_out.o
	@mkdir -p $(@D)
	$(Q)objcopy $$(nm $< | sed -n 's/.* T left_out_\(.*\)/--redefine-sym \1=left_out_\1/p') \
	  "$$($(CXX) -print-file-name=$*.a)" $@

# The linker warns of libc's look-ups; sys/resolve pins them to what is inside.
$(BIN) $(BIN)-named: $(B)/src/main.o $(APPLET_OBJ)
$(B)/few/fleetbox: $(B)/few/main.o $(FEW:%=$(B)/applets/%.o)
$(BIN) $(BIN)-named $(B)/few/fleetbox: $(B)/src/start.o $(B)/rooms.a src/start.order
	$(if $(Q),$(SAY) LINK $@)
	$(Q)$(CXX) $(LINK_$(PROFILE)) $(if $(filter $(B)/%-named debug asan tsan,$@ $(PROFILE)),,-s) -o $@ $(filter %.o %.a,$^) $(LIBS) 2>$@.log || { cat $@.log; exit 1; }
	$(Q)! grep -v -e 'statically linked applications requires' -e ': in function' -e '^/usr/bin/ld: /usr/lib' $@.log

# tests/unit/sys/wall_clock.h sets the clock.
# The rooms first, then simulations: what several objects hold is taken from the
# first, and other tests are compiled without optimisation.
$(B)/unit: $(B)/tests/unit/main.o $(UNIT_OBJ) $(MODEL_OBJ) $(B)/rooms.a
	$(if $(Q),$(SAY) LINK $@)
	$(Q)$(CXX) $(filter -fsanitize%,$(LINK_$(PROFILE))) -Wl,--wrap=clock_gettime -o $@ -Wl,--whole-archive $(filter %.a,$^) -Wl,--no-whole-archive $(filter %_sim_test.o,$^) $(filter-out %_sim_test.o %.a,$^) $(LIBS)
$(B)/tests/%.o: CXXFLAGS += $(if $(filter release,$(PROFILE)),-O0) -iquote tests
# The rooms have no types to ask for when they run.
$(B)/tests/fuzz/%.o: CXXFLAGS += $(if $(filter fuzz,$(PROFILE)),-fno-sanitize=vptr)
# What simulations run millions of times: world.o, world_*.o, sim*.o, and they.
$(B)/tests/unit/mcfeely/worl%.o $(B)/tests/unit/mcfeely/%_sim_test.o \
$(B)/tests/unit/isinit/worl%.o $(B)/tests/unit/isinit/si%.o \
$(B)/tests/unit/power/si%.o $(B)/tests/fakes/%_model.o: \
  CXXFLAGS += $(if $(filter release,$(PROFILE)),-O2)
$(UNIT_OBJ) $(B)/tests/unit/main.o: | $(BUILD)/packages-test
$(B)/fakes/%: $(B)/tests/fakes/%.o $(MODEL_OBJ) $(B)/rooms.a
	@mkdir -p $(@D)
	$(Q)$(CXX) $(filter -fsanitize%,$(LINK_$(PROFILE))) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/rooms.a
	@mkdir -p $(@D)
	$(Q)$(CXX) $(filter -fsanitize%,$(LINK_$(PROFILE))) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)
# GCC 12 warns of what it has inlined itself.
$(B)/tests/bench/%.o: CXXFLAGS += -O2 -Wno-maybe-uninitialized
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/rooms.a
	@mkdir -p $(@D)
	$(Q)$(CXX) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

# --- tests ------------------------------------------------------------------
check:
	@rm -rf $(B)/results
	@$(MAKE) -k unit blackbox lint; tests/summary $(B)/results
# Fuzz targets are compiled, too, so that none falls behind.
unit: $(B)/unit $(FUZZ:%=$(B)/tests/fuzz/%.o)
	@tests/run-unit $(B)/unit $(B)/results
blackbox: $(BIN) $(FAKES:%=$(B)/fakes/%) | $(BUILD)/packages-test
	@BIN=$(abspath $(BIN)) RESULTS=$(abspath $(B))/results tests/run $(T)
# The page in a real browser, which is large. Without one the test is skipped.
browser: $(BIN) | $(BUILD)/packages-test
	@third_party/install-packages browser || true
	@BIN=$(abspath $(BIN)) tests/run mcfeely-server/page-in-a-browser
# Process 1 of a machine, with Debian's kernel in an emulator. What cannot be
# had for that is named, and the boots are skipped.
check-boot: $(BIN)
	@third_party/install-packages boot || true
	@BIN=$(abspath $(BIN)) BOOT=$(abspath $(BUILD))/boot RESULTS=$(abspath $(B))/results tests/boot/run $(T)
accept: $(BIN) $(FAKES:%=$(B)/fakes/%)
	@BIN=$(abspath $(BIN)) ACCEPT=1 tests/run $(T)
lint: $(BIN) | $(BUILD)/packages-test
	@BIN=$(abspath $(BIN)) RESULTS=$(abspath $(B))/results tests/run-lint
asan tsan:
	@$(MAKE) PROFILE=$@ unit blackbox
fuzz: | $(BUILD)/packages-fuzz
	@$(MAKE) PROFILE=fuzz fuzz-all
fuzz-all: $(FUZZ:%=$(B)/fuzz/%)
	@tests/run-fuzz $(B)/fuzz $(FUZZ)
bench: $(BIN) $(B)/few/fleetbox $(BENCH_SRC:tests/bench/%.cc=$(B)/bench/%) | $(BUILD)/packages-test
	@BIN=$(abspath $(BIN)) FEW=$(abspath $(B)/few/fleetbox) tests/run-bench $(B)/bench $(BUILD)/bench
# A peer that cannot be installed is named in the table.
bench-fanout: $(BIN) $(B)/bench/fanout/fanout_bench
	@third_party/install-packages bench || true
	@BIN=$(abspath $(BIN)) tests/bench/fanout/run $(B)/bench/fanout/fanout_bench $(BUILD)/bench
$(B)/bench/fanout/fanout_bench: $(B)/tests/bench/fanout/timed_command.o
bench-hosts: $(BIN) $(B)/bench/hosts/hosts_bench | $(BUILD)/packages-test
	@BIN=$(abspath $(BIN)) tests/bench/hosts/run $(B)/bench/hosts/hosts_bench $(BUILD)/bench
$(B)/bench/hosts/hosts_bench: $(B)/tests/bench/fanout/timed_command.o
bench-mcfeely: $(BIN) $(B)/bench/mcfeely/scale_bench | $(BUILD)/packages-test
	@third_party/install-packages bench || true
	@BIN=$(abspath $(BIN)) tests/bench/mcfeely/run $(B)/bench/mcfeely/scale_bench $(BUILD)/bench
$(B)/bench/mcfeely/scale_bench: $(B)/tests/bench/fanout/timed_command.o \
  $(patsubst %.cc,$(B)/%.o,$(wildcard tests/bench/mcfeely/*.cc))
$(B)/bench/mcfeely_bench: $(B)/tests/bench/fanout/timed_command.o \
  $(patsubst %,$(B)/tests/bench/mcfeely/%.o,fleet process limits)
bench-msrc: $(BIN) | $(BUILD)/packages-test
	@third_party/install-packages bench || true
	@BIN=$(abspath $(BIN)) tests/bench/msrc/run $(BUILD)/bench
bench-isinit: $(BIN) $(B)/bench/isinit/supervise_bench | $(BUILD)/packages-test
	@third_party/install-packages bench || true
	@BIN=$(abspath $(BIN)) tests/bench/isinit/run $(B)/bench/isinit/supervise_bench $(BUILD)/bench
$(B)/bench/isinit/supervise_bench: \
  $(patsubst %.cc,$(B)/%.o,$(wildcard tests/bench/isinit/*.cc)) \
  $(patsubst %,$(B)/tests/bench/mcfeely/%.o,figures process)
bench-power: $(BIN) $(FAKES:%=$(B)/fakes/%) | $(BUILD)/packages-test
	@third_party/install-packages bench || true
	@BIN=$(abspath $(BIN)) tests/bench/power/run $(abspath $(B))/fakes $(BUILD)/bench
soak: $(BIN) $(B)/unit
	@set -e; for s in tests/soak/*; do \
	  BIN=$(abspath $(BIN)) UNIT=$(abspath $(B))/unit $$s; done
demo: $(BIN)
	@BIN=$(abspath $(BIN)) tests/demo/run

# --- installing -------------------------------------------------------------
# bash and fish look for a file of the command's name; zsh reads all of them.
COMPLETION_bash := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
COMPLETION_zsh := $(DESTDIR)$(PREFIX)/share/zsh/site-functions
COMPLETION_fish := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
install: $(BIN)
	install -D $(BIN) $(DESTDIR)$(PREFIX)/bin/fleetbox
	$(BIN) --install -s $(DESTDIR)$(PREFIX)/bin
	for s in 1 5 7 8; do mkdir -p $(DESTDIR)$(PREFIX)/share/man/man$$s && \
	  cp man/*.$$s $(DESTDIR)$(PREFIX)/share/man/man$$s || exit; done
	mkdir -p $(COMPLETION_bash) $(COMPLETION_zsh) $(COMPLETION_fish)
	$(BIN) --completion bash >$(COMPLETION_bash)/fleetbox
	$(BIN) --completion zsh >$(COMPLETION_zsh)/_fleetbox
	$(BIN) --completion fish >$(COMPLETION_fish)/fleetbox.fish
	for a in $$($(BIN) --list); do \
	  ln -sf fleetbox $(COMPLETION_bash)/$$a && \
	  ln -sf fleetbox.fish $(COMPLETION_fish)/$$a.fish || exit; done
links: $(BIN)
	$(BIN) --install -s $(DIR)
clean:
	rm -rf $(BUILD)
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

.PHONY: all check check-boot unit blackbox accept lint asan tsan fuzz fuzz-all \
  bench bench-fanout bench-hosts bench-mcfeely bench-isinit bench-power browser soak demo \
  install links clean help FORCE
-include $(ROOM_OBJ:.o=.d) $(APPLET_OBJ:.o=.d) $(UNIT_OBJ:.o=.d) \
  $(B)/src/main.d $(B)/src/start.d $(B)/src/left_out.d $(B)/few/main.d $(B)/tests/unit/main.d \
  $(wildcard $(B)/tests/*/*.d $(B)/tests/*/*/*.d)
