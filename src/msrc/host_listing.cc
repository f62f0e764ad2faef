#include "msrc/host_listing.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <vector>

namespace msrc {
namespace {

// More names than this are only counted: -d P has them all, once.
constexpr size_t kMostNames = 8;

std::string Line(absl::string_view what, std::vector<std::string> names) {
  if (names.empty()) return "";
  const size_t all = names.size();
  names.resize(std::min(all, kMostNames));
  std::string text = absl::StrCat("  ", what, ": ", absl::StrJoin(names, " "));
  if (all > names.size()) {
    absl::StrAppend(&text, " and ", all - names.size(), " more");
  }
  return text + "\n";
}

std::vector<std::string> Targets(const std::vector<PayloadFile>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const PayloadFile& f : files) names.push_back(f.target);
  return names;
}

}  // namespace

std::string HostListing(const Plan& plan, absl::string_view host,
                        Transport transport, absl::string_view utility) {
  std::vector<std::string> folders;
  for (const Payload::Folder& f : plan.payload.subdirs) {
    folders.push_back(f.name);
  }
  const std::string where =
      plan.mode == Mode::kLocal
          ? "in a scratch folder here"
          : absl::StrCat("to ", plan.into.path, ", transport ",
                         NameOf(transport));
  return absl::StrCat(
      host, ": ", where, "\n", Line("send", Targets(plan.payload.send)),
      Line("make", Targets(plan.payload.map)), Line("folders", folders),
      Line("run", {std::string(utility)}));
}

}  // namespace msrc
