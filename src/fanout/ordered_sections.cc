#include "fanout/ordered_sections.h"

#include <utility>

namespace fanout {

int64_t OrderedSections::Open(const std::string& name, int64_t place,
                              std::function<void(int64_t)> opened,
                              std::function<void(Grant)> granted) {
  const int64_t section = collate_.Open(place);
  Section& s = sections_[section];
  s.outer = outer_.Open(name, place, std::move(opened), std::move(granted));
  Look();
  return section;
}

void OrderedSections::Skip(int64_t place) {
  collate_.Skip(place);
  Look();
}

void OrderedSections::Report(int64_t section, Ready ready) {
  Section& s = sections_.at(section);
  s.ready = ready;
  collate_.Report(section, ready);
  if (s.turn) outer_.Report(s.outer, ready);
  Look();
}

void OrderedSections::Close(int64_t section, int status) {
  outer_.Close(sections_.at(section).outer, status);
  sections_.erase(section);
  collate_.Close(section);
  Look();
}

void OrderedSections::Look() {
  while (const auto next = collate_.Next()) {
    Section& s = sections_.at(*next);
    s.turn = true;
    // By place one may have its turn with nothing to show yet.
    outer_.Report(s.outer, s.ready == Ready::kNot ? Ready::kWillRun : s.ready);
  }
}

}  // namespace fanout
