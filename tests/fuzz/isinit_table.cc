// A table of any bytes: no crash; what is left of it says the same when it is
// written anew, then without an error; nothing changes between the two; and a
// plan of what changes when it takes the place of another one is never silent.
// With an odd first byte the others are words that tables are made of.
#include <algorithm>
#include <iterator>

#include "base/status.h"
#include "isinit/table.h"
#include "isinit/table_plan.h"
#include "unit/isinit/table_text.h"

namespace {

constexpr absl::string_view kPieces[] = {
    "\n",
    ":",
    ",",
    " ",
    "=",
    "'",
    "\"",
    "\\\n",
    "\r\n",
    "#",
    "g:a:1:once:x\n",
    "g:b:12:wait:x\n",
    "g:c:1,2:respawn:x\n",
    "h:d:start:test:x\n",
    "h:e:2:off:\n",
    ":::opt:a ",
    ":::opt:b ",
    ":::opt:c ",
    ":::opt:d ",
    ":::opt:* ",
    ":::boot:g 1\n",
    ":::allow:uid=1 tell g\n",
    ":::hook:x\n",
    ":::compat:yes\n",
    ":::watch\n",
    ":::initstat:/x\n",
    "after=a ",
    "after=b,c ",
    "needs=a ",
    "needs=c ",
    "needs=group:h@2 ",
    "needs=group:g@1 ",
    "log=|b ",
    "log=|c ",
    "log=none ",
    "ready=cmd:x ",
    "ready=fd:3 ",
    "health=http:1/ ",
    "every=5s ",
    "timeout=5s ",
    "backoff=1s..2s*1.1~5% ",
    "listen=tcp:[::1]:5 ",
    "lazy ",
    "gate ",
    "env=A=b ",
    "secret=A=/b ",
    "rlimit-cpu=1:2 ",
    "rlimit-rttime=3ms ",
    "capabilities=net_raw ",
    "exit-codes=1:2 ",
    "memory-max=1.5k ",
    "once",
    "respawn",
    "off",
    "g",
    "a",
    "umask=7 ",
    "oom=-5 ",
    "stop-signal=RTMIN+1 ",
    "max-restarts=1 ",
};

std::string Words(absl::string_view data) {
  std::string text;
  for (const char c : data) {
    absl::StrAppend(&text,
                    kPieces[static_cast<uint8_t>(c) % std::size(kPieces)]);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  const bool words = data[0] % 2 == 1;
  const std::string text = words ? Words(rest) : std::string(rest);
  const isinit::Reading reading = isinit::ReadTable(text, data[0] % 4 >= 2);
  int last = 0;
  for (const isinit::Problem& problem : reading.problems) {
    MUST(problem.line >= std::max(last, 1) && !problem.text.empty());
    last = problem.line;
  }
  const isinit::Reading again =
      isinit::ReadTable(isinit::TableText(*reading.table));
  MUST(again.ok());
  MUST(isinit::SameTables(*reading.table, *again.table));
  MUST(isinit::PlanTable(*reading.table, *again.table).changes_nothing());
  // Another table, of the second half of the text.
  const isinit::Reading half =
      isinit::ReadTable(absl::string_view(text).substr(text.size() / 2));
  const isinit::TablePlan plan = isinit::PlanTable(*reading.table, *half.table);
  MUST(plan.changes_nothing() == isinit::PlanLines(plan).empty());
  return 0;
}
